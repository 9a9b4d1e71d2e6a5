using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>Reads the names of models on a hub.</summary>
internal static class HubNames
{
    public static HubReference Parse(string text) => HubReference.TryParse(text, out var reference)
        ? reference
        : throw new UsageException($"'{text}' is no model's name; expected OWNER/NAME, OWNER/NAME:QUANTIZATION or OWNER/NAME:FILE.");
}
