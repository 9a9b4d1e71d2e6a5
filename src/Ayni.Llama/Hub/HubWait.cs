namespace Ayni.Llama;

/// <summary>Something failed that may pass, and is tried again after a while.</summary>
/// <param name="Problem">What failed, in words; begins with the hub's name.</param>
/// <param name="Delay">How long is waited.</param>
/// <param name="Attempt">The number of the attempt that follows; the first was 1.</param>
/// <param name="Attempts">How many there are before it is given up.</param>
public readonly record struct HubWait(string Problem, TimeSpan Delay, int Attempt, int Attempts);
