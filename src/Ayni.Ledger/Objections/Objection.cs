using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What an objection is to.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ObjectionSubject>))]
public enum ObjectionSubject
{
    /// <summary>A party's own statement; the reference is its month.</summary>
    Statement,

    /// <summary>A receipt; the reference is its id.</summary>
    Receipt,

    /// <summary>A deduction; the reference is its evidence.</summary>
    Deduction,
}

/// <summary>How far an objection is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<ObjectionState>))]
public enum ObjectionState
{
    /// <summary>The ledger's operator is to answer.</summary>
    Raised,

    /// <summary>The operator has answered, and who raised it may reply.</summary>
    Answered,

    /// <summary>The operator has ended it, with a correction or without.</summary>
    Resolved,
}

/// <summary>One thing said about an objection.</summary>
/// <param name="Number">Its place: 1, 2, 3, …</param>
/// <param name="State">How far the objection is with it.</param>
/// <param name="At">When it was recorded.</param>
/// <param name="By">The party or customer who raised it, or the key of the operator who answers; <c>console</c> for a command.</param>
/// <param name="Says">What is said.</param>
/// <param name="Correction">What puts it right: a credit note's number or a deduction's evidence.</param>
public sealed record ObjectionStep(int Number, ObjectionState State, DateTimeOffset At, string By, string Says, string? Correction);

/// <summary>That a party or customer disputes something in the books, and what was said since. Steps are only ever appended.</summary>
/// <param name="Id"><c>obj_…</c></param>
/// <param name="Subject">What kind of thing it is to.</param>
/// <param name="Reference">Which.</param>
/// <param name="Period">The month it is about.</param>
/// <param name="RaisedBy">The party or customer.</param>
/// <param name="Steps">What was said, oldest first.</param>
public sealed record Objection(
    string Id, ObjectionSubject Subject, string Reference, Period Period, string RaisedBy, ImmutableArray<ObjectionStep> Steps)
{
    /// <summary>How far it is.</summary>
    public ObjectionState State => Steps[^1].State;

    /// <summary>Two objections are equal if all they say is.</summary>
    public bool Equals(Objection? other) =>
        other is not null && Id == other.Id && Subject == other.Subject && Reference == other.Reference && Period == other.Period
        && RaisedBy == other.RaisedBy && Steps.SequenceEqual(other.Steps);

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);

    /// <summary>The canonical JSON, as an audit's bundle has it.</summary>
    internal byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, ProofItems.Default.Objection);

    /// <summary>A step's entry in the log: the hash of the objection with this step alone.</summary>
    internal LogEntry.Objection EntryOf(ObjectionStep step) => new(Id, step.Number, Period, Digest.Of((this with { Steps = [step] }).Encode()));
}
