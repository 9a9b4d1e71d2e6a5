namespace Ayni.Ledger;

/// <summary>What a printed statement says beside names and numbers.</summary>
internal sealed class StatementWords
{
    public required string Title { get; init; }

    public required string Final { get; init; }

    public required string Estimate { get; init; }

    public required string Party { get; init; }

    public required string PartyId { get; init; }

    public required string Role { get; init; }

    public required string Period { get; init; }

    public required string Reference { get; init; }

    public required string Model { get; init; }

    public required string App { get; init; }

    public required string NoApp { get; init; }

    public required string Agreement { get; init; }

    public required string Month { get; init; }

    public required string Requests { get; init; }

    public required string TokensIn { get; init; }

    public required string TokensCached { get; init; }

    public required string TokensOut { get; init; }

    public required string Gross { get; init; }

    public required string Share { get; init; }

    public required string Amount { get; init; }

    public required string Sum { get; init; }

    public required string Currency { get; init; }

    public required string CarryIn { get; init; }

    public required string Earned { get; init; }

    public required string Payable { get; init; }

    public required string CarryOut { get; init; }

    public required string Nothing { get; init; }

    public required string Explanation { get; init; }

    public required string LegalName { get; init; }

    public required string TaxId { get; init; }

    public required string Address { get; init; }

    public required string Adapter { get; init; }

    public required string Host { get; init; }

    public required string Territory { get; init; }

    public required string Returned { get; init; }

    public required string Step { get; init; }

    public required string Detail { get; init; }

    public required string Result { get; init; }

    public required string Rest { get; init; }

    public required string Objections { get; init; }

    /// <summary>The states of an objection in the order of <see cref="ObjectionState"/>.</summary>
    public required IReadOnlyList<string> ObjectionStates { get; init; }

    /// <summary>The steps of an evaluation in the order of <see cref="StepKind"/>.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>The roles in the order of <see cref="Ledger.Role"/>.</summary>
    public required IReadOnlyList<string> Roles { get; init; }
}
