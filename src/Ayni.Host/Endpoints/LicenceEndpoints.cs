using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>About how many users the present month has had, by the sketch's estimate.</summary>
/// <param name="Period">The month.</param>
/// <param name="Estimate">The estimate.</param>
/// <param name="StandardErrorPercent">Its standard error, in percent of it.</param>
internal sealed record UserEstimate(string Period, long Estimate, double StandardErrorPercent);

/// <summary>The licence of the model served, and how each clause stands.</summary>
/// <param name="Model">The model.</param>
/// <param name="Licence">The licence's short name; absent if nothing says it.</param>
/// <param name="Name">Its full name, if it is one of Llama's.</param>
/// <param name="Address">Where its text is, if it is one of Llama's.</param>
/// <param name="Evidence">What says that the model is under it.</param>
/// <param name="Findings">Each clause, in our words, and how it stands.</param>
/// <param name="Users">The present month's users so far, if they are counted.</param>
/// <param name="Remark">What this is not.</param>
internal sealed record LicenceReport(
    string Model, string? Licence, string? Name, Uri? Address, string Evidence, LicenceFinding[] Findings, UserEstimate? Users, string Remark);

/// <summary>
/// <c>/api/licence</c> and <c>/api/attestations</c>: what the model's licence asks, and what the operator states about itself.
/// </summary>
internal static class LicenceEndpoints
{
    private const string Remark = "Clauses are in our words; the licence's own text governs. This is no legal advice.";

    public static void Map(OperationCatalog api, ServingState state, LicenceKeeper licences)
    {
        api.Get("getLicence", "/api/licence", "The licence of the model served, and how each of its clauses stands.", OperationCatalog.Everyone)
            .Answers(ApiJson.Default.LicenceReport, call =>
            {
                var model = state.Require();
                var licence = model.Licence;
                var period = call.Books.ListPeriods() is [.., var last] ? last.Period : (Period?)null;
                var count = period is { } month ? call.Books.FindUserCount(month) : null;
                return new(
                    model.Name, licence.Name, licence.Terms?.Name, licence.Terms?.Address, licence.Evidence, [.. licences.Check(model)],
                    count is null
                        ? null
                        : new(count.Period.ToString(), (long)Math.Round(count.Sketch.Estimate()), Math.Round(UserSketch.StandardError * 100, 2)),
                    Remark);
            });
        api.Get("listAttestations", "/api/attestations", "What the operator states about itself, oldest first.", OperationCatalog.Readers)
            .AnswersPage(LedgerJson.Default.Attestation, call => call.Read(
                call.Books.ListAttestations, attestation => attestation.Number));
        api.Post(
            "attestUsers", "/api/attestations",
            "State whether there were at most 700 million monthly active users in the month before the release of a licence's models.",
            KeyRole.Operator)
            .Answers(RequestJson.Default.NewAttestation, LedgerJson.Default.Attestation, (call, body) =>
                Llama.Licence.Find(body.Licence) is { } licence
                    ? call.Books.AttestAsync(Attestation.MonthlyUsers(licence.Id), body.UsersWereBelow, body.Statement, call.Ended)
                    : throw ApiException.BadField(
                        "licence", $"must be one of {string.Join(", ", Llama.Licence.All.Select(known => known.Id))}."));
    }
}
