using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;

namespace Ayni.Llama;

/// <summary>
/// Reads the head of a safetensors file, trusting nothing: the length of a JSON object as eight bytes, the object, then all data without
/// gap or overlap (<see href="https://github.com/huggingface/safetensors#format"/>).
/// </summary>
internal ref struct SafetensorsHeaderReader
{
    private const int LengthBytes = 8;
    private const string MetadataKey = "__metadata__";

    private readonly string _path;
    private readonly long _fileBytes;
    private readonly long _dataStart;
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private Utf8JsonReader _json;

    /// <param name="path">The file's name in errors.</param>
    /// <param name="head">The file's first bytes: all of them, or as many as the longest header takes.</param>
    /// <param name="fileBytes">The length of the whole file.</param>
    public SafetensorsHeaderReader(string path, ReadOnlySpan<byte> head, long fileBytes)
    {
        _path = path;
        _fileBytes = fileBytes;
        if (head.Length <= LengthBytes)
            throw Error(0, "header_length", $"the file has only {head.Length} bytes; is its download complete?");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(head);
        if (head[LengthBytes] != (byte)'{')
            throw Error(LengthBytes, "header", $"not a safetensors file: its header starts with 0x{head[LengthBytes]:X2} instead of an opening brace");
        if (length > SafetensorsLimits.HeaderBytes)
            throw Error(0, "header_length", $"{length} bytes are more than the {SafetensorsLimits.HeaderBytes} that the format allows");
        if (length > (ulong)(fileBytes - LengthBytes))
            throw Error(0, "header_length", $"{length} bytes do not fit into a file of {fileBytes}; is its download complete?");
        _dataStart = LengthBytes + (long)length;
        _json = new Utf8JsonReader(head.Slice(LengthBytes, (int)length), new JsonReaderOptions { MaxDepth = 4 });
    }

    private readonly long Position => LengthBytes + _json.TokenStartIndex;

    /// <summary>The texts of <c>__metadata__</c>, once <see cref="Read()"/> is done.</summary>
    public readonly IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>All tensors, in the order of their data.</summary>
    public IReadOnlyList<SafetensorsTensor> Read()
    {
        var field = "header";
        try
        {
            return ReadTensors(ref field);
        }
        catch (JsonException error)
        {
            throw Error(LengthBytes + _json.BytesConsumed, field, "the header is not valid JSON: " + FirstSentence(error.Message), error);
        }
        catch (InvalidOperationException error)
        {
            // A text that is not UTF-8, or an escape that is half a character.
            throw Error(Position, field, "a text in the header is not valid UTF-8", error);
        }
    }

    private SafetensorsTensor[] ReadTensors(ref string field)
    {
        var tensors = new List<SafetensorsTensor>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        Next(JsonTokenType.StartObject, field);
        while (NextName(ref field, names))
        {
            if (field == MetadataKey)
                ReadMetadata(ref field);
            else if (tensors.Count == SafetensorsLimits.Tensors)
                throw Error(Position, field, $"the file has more than the {SafetensorsLimits.Tensors} tensors that Ayni allows");
            else
                tensors.Add(ReadTensor(field));
            field = "header";
        }
        // What follows the object may be spaces only, which the reader skips.
        if (_json.Read())
            throw Error(Position, field, "the header goes on after its object");
        return WithoutGaps(tensors);
    }

    private bool NextName(ref string field, HashSet<string> seen)
    {
        Read(field);
        if (_json.TokenType == JsonTokenType.EndObject)
            return false;
        var name = _json.GetString()!;
        if (name.Length is 0 or > SafetensorsLimits.NameLength)
            throw Error(Position, field, $"a name has {name.Length} characters, not 1 to {SafetensorsLimits.NameLength}");
        field = name;
        return seen.Add(name) ? true : throw Error(Position, name, "the name occurs twice");
    }

    private void ReadMetadata(ref string field)
    {
        Next(JsonTokenType.StartObject, field);
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (NextName(ref field, names))
        {
            if (names.Count > SafetensorsLimits.MetadataPairs)
                throw Error(Position, MetadataKey, $"more than the {SafetensorsLimits.MetadataPairs} texts that Ayni allows");
            Next(JsonTokenType.String, field);
            _metadata.Add(field, _json.GetString()!);
        }
    }

    private SafetensorsTensor ReadTensor(string name)
    {
        var start = Position;
        Next(JsonTokenType.StartObject, name);
        SafetensorsType? type = null;
        ImmutableArray<long>? shape = null;
        ImmutableArray<long>? range = null;
        for (Read(name); _json.TokenType != JsonTokenType.EndObject; Read(name))
        {
            var key = _json.GetString();
            if (key == "dtype" && type is null)
                type = ReadType(name);
            else if (key == "shape" && shape is null)
                shape = ReadNumbers(name, SafetensorsLimits.Dimensions, "dimensions");
            else if (key == "data_offsets" && range is null)
                range = ReadNumbers(name, 2, "offsets");
            else
                throw Error(Position, name, key is "dtype" or "shape" or "data_offsets" ? $"{key} occurs twice" : $"unknown field '{key}'");
        }
        if (type is null || shape is null || range is not [var begin, var end])
            throw Error(start, name, "dtype, shape and two data_offsets are needed");
        var bytes = BytesOf(name, start, type, shape.Value);
        if (begin > end || end > _fileBytes - _dataStart)
        {
            throw Error(
                start, name, $"its data from {begin} to {end} does not lie in the {_fileBytes - _dataStart} bytes after the header; is the file complete?");
        }
        if (end - begin != bytes)
            throw Error(start, name, $"{type.Name} of shape [{string.Join(", ", shape.Value)}] takes {bytes} bytes, but its data has {end - begin}");
        return new SafetensorsTensor(name, type, shape.Value, _dataStart + begin, bytes, start);
    }

    private SafetensorsType ReadType(string name)
    {
        Next(JsonTokenType.String, name);
        return SafetensorsType.Find(_json.GetString()!) ?? throw Error(Position, name, $"dtype '{Short(_json.GetString()!)}' is unknown");
    }

    private ImmutableArray<long> ReadNumbers(string name, int limit, string what)
    {
        Next(JsonTokenType.StartArray, name);
        var numbers = ImmutableArray.CreateBuilder<long>();
        for (Read(name); _json.TokenType != JsonTokenType.EndArray; Read(name))
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetInt64(out var number) || number < 0)
                throw Error(Position, name, $"{what}: expected whole numbers from 0");
            if (numbers.Count == limit)
                throw Error(Position, name, $"more than {limit} {what}");
            numbers.Add(number);
        }
        return numbers.ToImmutable();
    }

    private readonly long BytesOf(string name, long start, SafetensorsType type, ImmutableArray<long> shape)
    {
        try
        {
            var bits = checked(shape.Aggregate(1L, (product, length) => checked(product * length)) * type.Bits);
            return bits % 8 == 0 ? bits / 8 : throw Error(start, name, $"{bits} bits of {type.Name} are not whole bytes");
        }
        catch (OverflowException)
        {
            throw Error(start, name, $"the shape [{string.Join(", ", shape)}] is impossibly large");
        }
    }

    /// <summary>The format allows neither gap nor overlap: the data is all there is after the header, each byte of one tensor.</summary>
    private readonly SafetensorsTensor[] WithoutGaps(List<SafetensorsTensor> tensors)
    {
        SafetensorsTensor[] ordered = [.. tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Bytes)];
        var end = _dataStart;
        var before = "the header";
        foreach (var tensor in ordered)
        {
            if (tensor.Offset != end)
            {
                var problem = tensor.Offset < end ? $"its data overlaps that of {before}" : $"{tensor.Offset - end} bytes before its data belong to no tensor";
                throw Error(tensor.InfoOffset, tensor.Name, problem);
            }
            end += tensor.Bytes;
            before = tensor.Name;
        }
        return end == _fileBytes
            ? ordered
            : throw Error(end, "data", $"{_fileBytes - end} bytes after the last tensor belong to no tensor");
    }

    private void Next(JsonTokenType expected, string field)
    {
        Read(field);
        if (_json.TokenType != expected)
            throw Error(Position, field, $"expected {expected} in the header, found {_json.TokenType}");
    }

    private void Read(string field)
    {
        if (!_json.Read())
            throw Error(_dataStart, field, "the header ends in the middle");
    }

    private static string Short(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private static string FirstSentence(string message) => message.Split(" LineNumber:", 2)[0];

    private readonly ModelFormatException Error(long offset, string field, string problem, Exception? inner = null) =>
        new(_path, offset, Short(field), problem, inner);
}
