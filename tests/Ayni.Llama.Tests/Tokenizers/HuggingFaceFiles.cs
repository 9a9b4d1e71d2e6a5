using System.Text;
using System.Text.Json.Nodes;

namespace Ayni.Llama.Tests;

/// <summary>Writes <c>tokenizer.json</c> files in the forms real Llamas ship.</summary>
internal static class HuggingFaceFiles
{
    /// <summary>The keys of a GGUF vocabulary as a byte-level file cut by a regular expression.</summary>
    public static JsonObject ByteLevel(GgufMetadata vocabulary, string pattern, bool pairs = false)
    {
        var tokens = vocabulary.FindArray<string>("tokenizer.ggml.tokens")!;
        var types = vocabulary.FindArray<int>("tokenizer.ggml.token_type")!;
        return ByteLevel(tokens, types, vocabulary.FindArray<string>("tokenizer.ggml.merges")!, pattern, pairs);
    }

    /// <summary>
    /// The tokens of a tiktoken file and the merges that Hugging Face's own conversion derives from it: every cut in two tokens.
    /// </summary>
    public static JsonObject ByteLevel(string tiktokenPath, Tokenizer tokenizer, string pattern)
    {
        var ranks = File.ReadLines(tiktokenPath).Count();
        string[] tokens =
        [
            .. Enumerable.Range(0, ranks).Select(id => string.Concat(tokenizer.BytesOf(id).ToArray().Select(ByteAlphabet.CharacterOf))),
            .. Enumerable.Range(ranks, tokenizer.VocabularySize - ranks).Select(id => Encoding.UTF8.GetString(tokenizer.BytesOf(id))),
        ];
        return ByteLevel(tokens, [.. tokens.Select((_, id) => id < ranks ? 1 : 3)], Cuts(tokens[..ranks]), pattern, pairs: false);
    }

    /// <summary>The keys of a GGUF vocabulary as a file that marks spaces and falls back to bytes.</summary>
    public static JsonObject Metaspace(GgufMetadata vocabulary, bool normalizes = true)
    {
        var tokens = vocabulary.FindArray<string>("tokenizer.ggml.tokens")!;
        var types = vocabulary.FindArray<int>("tokenizer.ggml.token_type")!;
        var scores = vocabulary.FindArray<float>("tokenizer.ggml.scores")!;
        string[] ordered =
        [
            .. Enumerable.Range(0, tokens.Length).Where(id => types[id] == 1).OrderByDescending(id => scores[id]).Select(id => tokens[id]),
        ];
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = AddedTokens(tokens, types),
            ["normalizer"] = !normalizes ? null : JsonNode.Parse("""
                {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
                """),
            ["pre_tokenizer"] = normalizes ? null
                : JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}"""),
            ["post_processor"] = JsonNode.Parse("""
                {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = Ids(tokens.Index().Where(token => types[token.Index] != 4)),
                ["merges"] = new JsonArray([.. Cuts(ordered).Select(merge => JsonValue.Create(merge))]),
            },
        };
    }

    /// <summary>The file's bytes.</summary>
    public static byte[] Written(JsonObject file) => Encoding.UTF8.GetBytes(file.ToJsonString());

    private static JsonObject ByteLevel(string[] tokens, int[] types, string[] merges, string pattern, bool pairs) => new()
    {
        ["version"] = "1.0",
        ["added_tokens"] = AddedTokens(tokens, types),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = pattern },
                    ["behavior"] = "Isolated",
                    ["invert"] = false,
                },
                JsonNode.Parse("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""")),
        },
        ["post_processor"] = JsonNode.Parse("""
            {"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"<|begin_of_text|>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]}]}
            """),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["unk_token"] = null,
            ["byte_fallback"] = false,
            ["ignore_merges"] = true,
            ["vocab"] = Ids(tokens.Index().Where(token => types[token.Index] == 1)),
            ["merges"] = new JsonArray([.. merges.Select(merge =>
                pairs ? new JsonArray([.. merge.Split(' ').Select(half => JsonValue.Create(half))]) : (JsonNode)JsonValue.Create(merge))]),
        },
    };

    private static JsonObject Ids(IEnumerable<(int Index, string Item)> tokens) =>
        new(tokens.Select(token => KeyValuePair.Create(token.Item, (JsonNode?)token.Index)));

    private static JsonArray AddedTokens(string[] tokens, int[] types) => new(
    [
        .. tokens.Index().Where(token => types[token.Index] is 2 or 3 or 4).Select(token => new JsonObject
        {
            ["id"] = token.Index,
            ["content"] = token.Item,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = types[token.Index] != 4,
        }),
    ]);

    /// <summary>Each token's cuts in two others, in the tokens' order.</summary>
    private static string[] Cuts(string[] tokens)
    {
        var known = tokens.ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        var cuts = new List<string>();
        foreach (var token in tokens)
        {
            for (var cut = 1; cut < token.Length; cut++)
            {
                if (known.Contains(token.AsSpan(0, cut)) && known.Contains(token.AsSpan(cut)))
                    cuts.Add($"{token[..cut]} {token[cut..]}");
            }
        }
        return [.. cuts];
    }
}
