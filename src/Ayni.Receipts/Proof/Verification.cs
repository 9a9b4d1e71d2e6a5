namespace Ayni.Receipts;

/// <summary>What a verifier found to be so, and what it says nothing of.</summary>
/// <param name="Proven">Sentences that hold.</param>
/// <param name="NotProven">Sentences that nothing here supports.</param>
public sealed record Verification(IReadOnlyList<string> Proven, IReadOnlyList<string> NotProven);

/// <summary>Collects what a verification comes to.</summary>
internal sealed class VerificationBuilder
{
    private readonly List<string> _proven = [];
    private readonly List<string> _notProven = [];

    public void Prove(string sentence) => _proven.Add(sentence);

    public void LeaveOpen(string sentence) => _notProven.Add(sentence);

    public Verification Build() => new([.. _proven], [.. _notProven]);
}
