namespace Ayni.Llama;

/// <summary>Thrown when no token can be chosen, since a logit is not a number or infinite, or none is finite.</summary>
public sealed class LogitsException()
    : Exception("No token can be chosen: a logit is not a finite number, or none is left. The model's weights may be damaged, or every token is banned.");
