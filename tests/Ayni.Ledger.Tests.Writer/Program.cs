using System.Globalization;
using Ayni.Ledger;

// A process for tests to kill: reserves and posts receipts under the keys given until it is ended or has posted enough, and prints each
// receipt's id once its task has completed. Arguments: database, requests per key, keys.
if (args[0] == "signer")
{
    ExternalSigner.Answer(args[1], args[^1]);
    return;
}
var databasePath = args[0];
var requestsPerKey = int.Parse(args[1], CultureInfo.InvariantCulture);
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
        admission = (Admission)await books.ReserveAsync(admission, requestId, new(1000, 1, 20), lease);
        var receipt = await books.PostAsync(new(admission, requestId, Digest.Zero, new(100 + i, i, 10), Outcome.Completed));
        Console.Out.WriteLine(receipt.Id);
    }
}
