namespace Ayni.Training;

/// <summary>
/// The day that chat templates are told where they ask for it: always the same, so that a recipe's data are the same tokens whenever they
/// are read. It is the one that Llama 3's own templates name where they know none.
/// </summary>
internal sealed class TemplateDay : TimeProvider
{
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(2024, 7, 26, 0, 0, 0, TimeSpan.Zero);
}
