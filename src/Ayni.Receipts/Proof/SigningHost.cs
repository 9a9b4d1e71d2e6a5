namespace Ayni.Receipts;

/// <summary>Who signs receipts, and what it promises with each: what the log's key certifies about a host.</summary>
public sealed record SigningHost
{
    /// <summary>Minutes of the longest promise: a week.</summary>
    public const int MostMinutes = 7 * 24 * 60;

    /// <summary>A host. Throws <see cref="ProofException"/> for a name that is none, and a promise out of bounds.</summary>
    /// <param name="name">What it is called: 1 to 200 characters without blanks, such as <c>host2.example</c>.</param>
    /// <param name="promise">How long it may take until the log holds a receipt, in whole minutes.</param>
    public SigningHost(string name, TimeSpan promise)
    {
        ProofChecks.All.Demand(ProofCheck.Format, PublicKey.IsName(name), $"'{name}' is no name for a host: it holds no blanks and no plus.");
        ProofChecks.All.Demand(
            ProofCheck.Format,
            promise.TotalMinutes is > 0 and <= MostMinutes && promise.Ticks % TimeSpan.TicksPerMinute == 0,
            $"A promise has 1 to {MostMinutes} whole minutes.");
        (Name, Promise) = (name, promise);
    }

    /// <summary>What a host promises that says nothing else: an hour.</summary>
    public static TimeSpan StandardPromise { get; } = TimeSpan.FromMinutes(60);

    /// <summary>This machine, with the standard promise.</summary>
    public static SigningHost ThisMachine =>
        new(PublicKey.IsName(Environment.MachineName) ? Environment.MachineName : "host", StandardPromise);

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>How long it may take until the log holds a receipt.</summary>
    public TimeSpan Promise { get; }
}
