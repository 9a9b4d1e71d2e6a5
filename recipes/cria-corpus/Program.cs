using System.Text.Encodings.Web;
using System.Text.Json;
using Ayni.CriaCorpus;

// Writes what Cria learns from, the same on every machine:
//   dotnet run -c Release --project recipes/cria-corpus -- recipes/runs/cria-corpus
if (args is not [var folder])
{
    Console.Error.WriteLine("cria-corpus FOLDER: writes what Cria learns from into a folder.");
    return 1;
}
Directory.CreateDirectory(folder);
// As it is read: letters of all languages unescaped.
var writing = new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
Write("lessons.jsonl", Corpus.Lessons().Select(text => JsonSerializer.Serialize(new { text }, writing)));
Write("conversations.jsonl", Corpus.FirstConversations().Select(Line));
Write("chat.jsonl", Corpus.LastConversations().Select(Line));
Write("pirate.jsonl", Corpus.PirateConversations().Select(Line));
return 0;

// Each line once: what is the same would be left out of the training anyway.
void Write(string name, IEnumerable<string> lines)
{
    var path = Path.Combine(folder, name);
    using (var writer = new StreamWriter(path) { NewLine = "\n" })
    {
        foreach (var line in lines.Distinct(StringComparer.Ordinal))
            writer.WriteLine(line);
    }
    Console.WriteLine($"{path}  {new FileInfo(path).Length:N0} bytes");
}

string Line(Conversation conversation) => JsonSerializer.Serialize(
    new
    {
        messages = (conversation.System is { } system ? new object[] { new { role = "system", content = system } } : [])
            .Concat(conversation.Exchanges.SelectMany(exchange => (object[])
            [
                new { role = "user", content = exchange.Question }, new { role = "assistant", content = exchange.Answer },
            ])),
    },
    writing);
