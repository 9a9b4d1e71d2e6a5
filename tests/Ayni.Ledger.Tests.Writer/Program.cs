using System.Globalization;
using System.Text;
using Ayni.Ledger;

// A process for tests to kill: reserves and posts receipts under the keys given until it is ended or has posted enough, and prints each
// receipt's id once its task has completed. With 'named' for a number each request has a name, as by an Idempotency-Key, which is printed
// before it begins and with its receipt; with 'signing' it signs what it posted, too, as a host does. Arguments: database, folder of its
// keys, requests per key, keys. With 'signer', a name and a word it is an external signer instead.
if (args[0] == "signer")
{
    ExternalSigner.Answer(args[1], args[^1]);
    return;
}
var databasePath = args[0];
var isNamed = args[2] == "named";
var isSigning = args[2] == "signing";
var requestsPerKey = isNamed || isSigning ? int.MaxValue : int.Parse(args[2], CultureInfo.InvariantCulture);
await using var books = Books.Open(databasePath, TimeProvider.System, folder: args[1]);
var lease = await books.BeginHostAsync(requestsPerKey == int.MaxValue ? "killed" : $"{Environment.ProcessId}");
await Task.WhenAll(args[3..].Select(PostAsync));

async Task PostAsync(string presented)
{
    var key = books.Authenticate(presented) ?? throw new ArgumentException("A key is not known.");
    for (var i = 0; i < requestsPerKey; i++)
    {
        var admission = (Admission)books.Admit(key, "llama");
        var requestId = $"{Environment.ProcessId}-{key.Id}-{i}";
        var named = isNamed ? new IdempotentRequest(key.CustomerId!, key.Id, Digest.Of(Encoding.UTF8.GetBytes(requestId)), "/", Digest.Zero) : null;
        if (named is not null)
        {
            Console.Out.WriteLine(requestId);
            await books.BeginIdempotentAsync(named, requestId, lease);
        }
        admission = (Admission)await books.ReserveAsync(admission, requestId, new(1000, 1, 20), lease);
        var receipt = await books.PostAsync(new(
            admission, requestId, Digest.Zero, new(100 + i, i, 10), Outcome.Completed, Kept: named is null ? null : new(named, [1])));
        Console.Out.WriteLine(named is null ? receipt.Id : $"{requestId} {receipt.Id}");
        if (isSigning && i == 0)
            _ = books.SignReceiptsAsync();
    }
}
