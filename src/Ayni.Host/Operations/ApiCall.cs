using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Ayni.Ledger;
using Microsoft.AspNetCore.Http;

namespace Ayni.Host;

/// <summary>One call of an operation by a key of the right role: what was asked, and how it is answered.</summary>
internal sealed class ApiCall : IDisposable
{
    /// <summary>The longest page.</summary>
    public const int LongestPage = 1000;

    /// <summary>A page's length where none is given.</summary>
    public const int StandardPage = 100;

    private readonly ApiKey? _key;
    private readonly string _bodyType;
    private readonly HostOptions _options;
    private readonly Deadline _deadline;
    private readonly CancellationTokenSource _ended;

    /// <summary>Throws <see cref="ApiException"/> (400) for a query parameter that the operation does not take.</summary>
    public ApiCall(HttpContext context, Operation operation, ApiKey? key, Books books, HostOptions options, TimeProvider clock)
    {
        foreach (var name in context.Request.Query.Keys)
        {
            if (!operation.Parameters.Any(parameter => !parameter.IsInPath && parameter.Name == name))
                throw ApiException.UnknownParameter(name);
        }
        Context = context;
        _key = key;
        _bodyType = operation.BodyType;
        Books = books;
        _options = options;
        _deadline = new(options.Timeout, clock);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _deadline.Token);
    }

    /// <summary>The request and its response.</summary>
    public HttpContext Context { get; }

    /// <summary>The ledger, which notes what the key changes.</summary>
    public Books Books { get; }

    /// <summary>Whose call it is; only for operations that need a key.</summary>
    public ApiKey Key => _key!;

    /// <summary>Cancelled when the client has gone or the time is up.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>At most so many values of a page.</summary>
    public int Limit => QueryNumber("limit", 1, LongestPage) ?? StandardPage;

    /// <summary>The number after which a page begins.</summary>
    public long AfterNumber => Query("after") is { } text ? NumberOf(text) ?? throw NoPlace() : 0;

    /// <summary>A part of the path.</summary>
    public string Path(string name) => Context.Request.RouteValues[name] as string ?? "";

    /// <summary>A query parameter; null where it is absent.</summary>
    public string? Query(string name)
    {
        var values = Context.Request.Query[name];
        return values.Count switch
        {
            0 => null,
            1 => values[0],
            _ => throw ApiException.BadField(name, "is given more than once."),
        };
    }

    /// <summary>A whole number in the query, within bounds; null where it is absent.</summary>
    public int? QueryNumber(string name, int least, int most) => Query(name) is not { } text
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw ApiException.BadField(name, FormattableString.Invariant($"must be a whole number from {least} to {most}."));

    /// <summary>A month in the query; null where it is absent.</summary>
    public Period? QueryPeriod(string name = "period") => Query(name) is { } text ? ParsePeriod(name, text) : null;

    /// <summary>A month in the path.</summary>
    public Period PathPeriod(string name = "period") => ParsePeriod(name, Path(name));

    /// <summary>
    /// Throws <see cref="ApiException"/> (404) if the key acts for somebody else than this customer or party: to it, others' things are
    /// not there. Keys that act for nobody see everybody's.
    /// </summary>
    public void DemandOwn(string? holderId, Func<ApiException> missing)
    {
        if (Key.HolderId is { } own && own != holderId)
            throw missing();
    }

    /// <summary>
    /// Reads a page: at most so many values after the one of an id, from the beginning where that is empty. The database cuts it, since
    /// every list but that of the months grows without bound. Where only the values themselves tell whether the key may see them, it reads
    /// on until the page is full.
    /// </summary>
    public Page<T> Read<T>(Func<string, int, IReadOnlyList<T>> read, Func<T, string> id, Func<T, bool>? isSeen = null)
    {
        var (limit, after) = (Limit, Query("after") ?? "");
        var page = new List<T>();
        try
        {
            while (page.Count <= limit)
            {
                var found = read(after, limit + 1);
                page.AddRange(isSeen is null ? found : found.Where(isSeen));
                if (found.Count <= limit)
                    break;
                after = id(found[^1]);
            }
        }
        catch (LedgerRefusedException refused) when (refused.Refusal == Refusal.InvalidPage)
        {
            throw NoPlace();
        }
        return page.Count <= limit ? new(page, null) : new(page[..limit], id(page[limit - 1]));
    }

    /// <summary>The same of values that are numbered.</summary>
    public Page<T> Read<T>(Func<long, int, IReadOnlyList<T>> read, Func<T, long> number, Func<T, bool>? isSeen = null) => Read(
        (after, limit) => read(after.Length == 0 ? 0 : NumberOf(after) ?? throw NoPlace(), limit),
        item => number(item).ToString(CultureInfo.InvariantCulture), isSeen);

    /// <summary>Cuts a page out of a list that is computed as a whole and in no table: after so many of its values.</summary>
    public Page<T> CutByPlace<T>(IReadOnlyList<T> all)
    {
        var (after, limit) = (AfterNumber, Limit);
        if (after > all.Count)
            throw NoPlace();
        var page = all.Skip((int)after).Take(limit).ToList();
        var next = after + page.Count;
        return new(page, next < all.Count ? next.ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>A number of a list's values in the path; null where it is none.</summary>
    public long? PathNumber(string name) => NumberOf(Path(name));

    /// <summary>Reads the body. Throws <see cref="ApiException"/> (400) for what is not of its shape, unknown fields included.</summary>
    public async Task<T> ReadBodyAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        var body = await ReadBytesAsync().ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize(body.Span, type) ?? throw ApiException.BadField(null, "The body must be a JSON object.");
        }
        catch (JsonException error)
        {
            // The reader's own message may repeat the body; the place and the field are enough.
            var field = error.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
            var place = FormattableString.Invariant($"line {error.LineNumber + 1}, byte {error.BytePositionInLine}");
            throw ApiException.BadField(null, $"The body does not fit {type.Type.Name} of /openapi.json, at {place}"
                + (field is null ? "." : $" ('{(field.Length > 64 ? field[..64] : field)}')."), "invalid_json");
        }
    }

    /// <summary>Reads the body's bytes.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadBytesAsync()
    {
        try
        {
            return await RequestBody.ReadAsync(Context.Request, _options.BodyLimitBytes, Ended, _bodyType).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_deadline.HasPassed)
        {
            throw ApiException.BodyTooLate(_deadline.Limit);
        }
    }

    /// <summary>Reads the body as text. Throws <see cref="ApiException"/> (400) if it is not UTF-8.</summary>
    public async Task<string> ReadTextAsync()
    {
        var body = await ReadBytesAsync().ConfigureAwait(false);
        return Utf8.IsValid(body.Span)
            ? Encoding.UTF8.GetString(body.Span)
            : throw ApiException.BadField(null, "The body is not valid UTF-8.");
    }

    /// <summary>Answers with a value.</summary>
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type) => ApiWriter.WriteAsync(Context.Response, value, type);

    /// <summary>Answers with a page: <c>{"data": […], "next": …}</c>, whose next is null at the end.</summary>
    public async Task WriteAsync<T>(Page<T> page, JsonTypeInfo<T> item)
    {
        Context.Response.ContentType = "application/json; charset=utf-8";
        using (var writer = new Utf8JsonWriter(Context.Response.BodyWriter, ApiJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("data");
            foreach (var value in page.Data)
                JsonSerializer.Serialize(writer, value, item);
            writer.WriteEndArray();
            writer.WriteString("next", page.Next);
            writer.WriteEndObject();
        }
        await Context.Response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Answers with text.</summary>
    public Task WriteTextAsync(string text, string contentType)
    {
        Context.Response.ContentType = $"{contentType}; charset=utf-8";
        return AppendTextAsync(text);
    }

    /// <summary>Goes on with an answer in text.</summary>
    public async Task AppendTextAsync(string text) =>
        await Context.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None).ConfigureAwait(false);

    public void Dispose()
    {
        _ended.Dispose();
        _deadline.Dispose();
    }

    private static long? NumberOf(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ApiException NoPlace() => ApiException.BadField("after", "must be the \"next\" of a page.");

    private static Period ParsePeriod(string name, string text) =>
        Period.TryParse(text, out var period) ? period : throw ApiException.BadField(name, "must be a month such as 2026-11.");
}
