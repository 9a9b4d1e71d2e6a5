using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>
/// <c>GET /api/receipts/{id}</c>: a receipt by its own id, its request's or its answer's, also when the client had left before the end.
/// Another customer's receipt is not there.
/// </summary>
internal sealed class ReceiptEndpoint(Books books)
{
    public Task GetAsync(HttpContext context)
    {
        var key = books.Authenticate(context.Request, KeyRole.Customer);
        var id = context.Request.RouteValues["id"] as string ?? "";
        var receipt = books.FindReceipt(RequestId.FromAnswerId(id));
        return receipt is not null && receipt.CustomerId == key.CustomerId
            ? ApiWriter.WriteAsync(context.Response, receipt, LedgerJson.Default.Receipt)
            : throw ApiException.UnknownReceipt();
    }
}
