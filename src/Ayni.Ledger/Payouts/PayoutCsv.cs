using System.Text;

namespace Ayni.Ledger;

/// <summary>A batch as comma-separated values (RFC 4180), for banks that take no message.</summary>
public static class PayoutCsv
{
    private const string Header = "end_to_end_id,batch,execution_date,party,holder,iban,bic,amount,currency,remittance,status\r\n";

    /// <summary>A row for each payout. Texts that a spreadsheet would take for a formula begin with an apostrophe instead.</summary>
    public static string ToCsv(this PayoutBatch batch)
    {
        var csv = new StringBuilder(Header);
        foreach (var payout in batch.Payouts)
        {
            csv.AppendJoin(
                ',', payout.Id, batch.Id, batch.ExecutionDate.Text(), payout.PartyId, StatementCsv.Cell(payout.Account.Holder),
                payout.Account.Iban.Text, payout.Account.Bic?.Text ?? "", payout.Amount.Format(), payout.Currency.Code,
                StatementCsv.Cell(PaymentInitiation.Remittance(payout)), payout.Status.ToString().ToLowerInvariant()).Append("\r\n");
        }
        return csv.ToString();
    }
}
