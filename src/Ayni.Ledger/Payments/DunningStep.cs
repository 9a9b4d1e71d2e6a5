using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>How far an unpaid invoice is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<DunningStep>))]
public enum DunningStep
{
    /// <summary>Nothing is open.</summary>
    [JsonStringEnumMemberName("settled")]
    Settled = 0,

    /// <summary>Open, and not due before today ends.</summary>
    [JsonStringEnumMemberName("open")]
    Open = 1,

    /// <summary>1 to 14 days overdue: a friendly reminder.</summary>
    [JsonStringEnumMemberName("reminder")]
    Reminder = 2,

    /// <summary>15 to 29 days overdue: a second reminder.</summary>
    [JsonStringEnumMemberName("second_reminder")]
    SecondReminder = 3,

    /// <summary>30 days overdue and more: a final notice.</summary>
    [JsonStringEnumMemberName("final_notice")]
    FinalNotice = 4,
}
