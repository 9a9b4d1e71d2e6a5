namespace Ayni.Llama;

/// <summary>A model can't draft for another: its vocabulary is not the same.</summary>
public sealed class DraftModelException(string message) : Exception(message);
