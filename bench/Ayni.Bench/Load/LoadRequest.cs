using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ayni.Bench;

/// <summary>What a client does.</summary>
internal enum LoadKind
{
    /// <summary>Waits for a whole answer.</summary>
    Whole,

    /// <summary>Reads a stream to its end.</summary>
    Stream,

    /// <summary>Asks for two answers.</summary>
    Two,

    /// <summary>Leaves in the middle of a stream.</summary>
    LeaveStream,

    /// <summary>Leaves while it waits for a whole answer.</summary>
    LeaveWhole,

    /// <summary>Asks for more than fits into the time it grants.</summary>
    Timeout,

    /// <summary>Sends a prompt that is longer than the context.</summary>
    LongPrompt,

    /// <summary>Sends a body over the limit.</summary>
    LargeBody,

    /// <summary>Sends a body that is no request.</summary>
    Malformed,
}

/// <summary>One request, the same for the same seed and number.</summary>
internal sealed class LoadRequest
{
    private static readonly (LoadKind Kind, int Percent)[] Shares =
    [
        (LoadKind.Whole, 29), (LoadKind.Stream, 26), (LoadKind.Two, 3), (LoadKind.LeaveStream, 14), (LoadKind.LeaveWhole, 6),
        (LoadKind.Timeout, 8), (LoadKind.LongPrompt, 5), (LoadKind.LargeBody, 2), (LoadKind.Malformed, 7),
    ];

    private static readonly string[] Words =
        "once upon a time there was little girl who liked to play in the big green park with her dog and".Split(' ');

    public LoadRequest(string model, int contextLength, int bodyLimitBytes, int seed, int number)
    {
        var random = new Random(HashCode(seed, number));
        Kind = Choose(random.Next(100));
        IsChat = random.Next(2) == 0;
        // A few beginnings that many requests share, and text of its own.
        var prompt = $"{Sentence(new Random(random.Next(4)), 20)} {Sentence(random, random.Next(1, 30))}";
        prompt = Kind switch
        {
            LoadKind.LongPrompt => Sentence(random, 2 * contextLength),
            LoadKind.LargeBody => new string('a', bodyLimitBytes),
            _ => prompt,
        };
        var fields = new Dictionary<string, object?>
        {
            ["model"] = model,
            ["max_tokens"] = Kind == LoadKind.Timeout ? contextLength : random.Next(1, 49),
            ["seed"] = random.Next(),
            ["temperature"] = random.Next(3) / 2.0,
            ["stream"] = Kind is LoadKind.Stream or LoadKind.LeaveStream || (Kind == LoadKind.Timeout && random.Next(2) == 0),
        };
        if (IsChat)
            fields["messages"] = new[] { new Dictionary<string, string> { ["role"] = "user", ["content"] = prompt } };
        else
            fields["prompt"] = prompt;
        if (Kind == LoadKind.Two)
            fields["n"] = 2;
        if (Kind == LoadKind.Timeout)
            fields["timeout"] = random.Next(1, 3000) / 1000.0;
        Body = JsonSerializer.SerializeToUtf8Bytes(fields);
        if (Kind == LoadKind.Malformed)
            Body = Damage(Body, random);
        IsStream = (bool)fields["stream"]!;
        LeaveAfterEvents = random.Next(1, 12);
        LeaveAfter = TimeSpan.FromMilliseconds(random.Next(1, 200));
    }

    public LoadKind Kind { get; }

    public bool IsChat { get; }

    public bool IsStream { get; }

    public byte[] Body { get; }

    /// <summary>Events after which a client leaves its stream.</summary>
    public int LeaveAfterEvents { get; }

    /// <summary>When a client leaves that waits for a whole answer.</summary>
    public TimeSpan LeaveAfter { get; }

    /// <summary>Mixed by hand: the framework's own hash differs from process to process.</summary>
    private static int HashCode(int seed, int number) => unchecked((seed * 31 + number) * (int)0x9E3779B1 >> 1);

    private static LoadKind Choose(int percent)
    {
        foreach (var (kind, share) in Shares)
        {
            if ((percent -= share) < 0)
                return kind;
        }
        throw new InvalidOperationException("The shares are not 100 %.");
    }

    private static string Sentence(Random random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => Words[random.Next(Words.Length)]));

    /// <summary>Makes a body wrong for certain, in one of several ways.</summary>
    private static byte[] Damage(byte[] body, Random random)
    {
        var text = Encoding.UTF8.GetString(body);
        return random.Next(6) switch
        {
            0 => body[..random.Next(body.Length)],
            1 => [.. body[..^1], 0xff, 0xfe, body[^1]],
            2 => Encoding.UTF8.GetBytes(text.Replace("\"max_tokens\":", "\"max_tokens\":-", StringComparison.Ordinal)),
            3 => Encoding.UTF8.GetBytes(text.Replace("{\"model\"", "{\"temperature\":1,\"model\"", StringComparison.Ordinal)),
            4 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("[", 10_000))),
            _ => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{random.NextDouble()}")),
        };
    }
}
