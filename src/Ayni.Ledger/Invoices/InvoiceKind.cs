using System.Text.Json.Serialization;

namespace Ayni.Ledger;

/// <summary>What an invoice is.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<InvoiceKind>))]
public enum InvoiceKind
{
    /// <summary>What a customer owes for a month.</summary>
    [JsonStringEnumMemberName("invoice")]
    Invoice = 0,

    /// <summary>What a customer owes less than an invoice said.</summary>
    [JsonStringEnumMemberName("credit_note")]
    CreditNote = 1,

    /// <summary>What a party is paid for a month, invoiced to ourselves in its name.</summary>
    [JsonStringEnumMemberName("self_bill")]
    SelfBill = 2,
}

/// <summary>The names of documents' kinds.</summary>
public static class InvoiceKindNames
{
    /// <summary>The kind's name, such as <c>self_bill</c>.</summary>
    public static string Name(this InvoiceKind kind) => kind switch
    {
        InvoiceKind.Invoice => "invoice",
        InvoiceKind.CreditNote => "credit_note",
        InvoiceKind.SelfBill => "self_bill",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Finds a kind by its name.</summary>
    public static bool TryParse(string name, out InvoiceKind kind)
    {
        foreach (var candidate in Enum.GetValues<InvoiceKind>())
        {
            kind = candidate;
            if (candidate.Name() == name)
                return true;
        }
        kind = default;
        return false;
    }
}
