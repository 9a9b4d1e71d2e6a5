using System.Globalization;
using System.Text;
using Ayni.Ledger;

// A process for tests to kill: reserves and posts receipts under the keys given until it is ended or has posted enough, and prints each
// receipt's id once its task has completed. With 'named' for a number each request has a name, as by an Idempotency-Key, which is printed before
// it begins and with its receipt. Arguments: database, requests per key, keys. With 'signer', a name and a word it is an external signer instead.
if (args[0] == "signer")
{
    ExternalSigner.Answer(args[1], args[^1]);
    return;
}
var databasePath = args[0];
var isNamed = args[1] == "named";
var requestsPerKey = isNamed ? int.MaxValue : int.Parse(args[1], CultureInfo.InvariantCulture);
await using var books = Books.Open(databasePath, TimeProvider.System);
var lease = await books.BeginHostAsync(requestsPerKey == int.MaxValue ? "killed" : $"{Environment.ProcessId}");
await Task.WhenAll(args[2..].Select(PostAsync));

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
    }
}
