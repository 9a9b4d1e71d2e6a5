using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

/// <summary>Small sources in a folder, and the shard of them.</summary>
internal sealed class Corpus : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>A small vocabulary with Llama 3's special tokens.</summary>
    public static TokenizerDescription Vocabulary { get; } = TokenizerDescription.Read(
        Path.Combine(Conformance.RepositoryRoot, "recipes", "hello", "tokenizer.tiktoken"));

    public static TrainingTokenizer Tokenizer { get; } = new(Vocabulary, null);

    public static LlamaConfig Config { get; } = new()
    {
        HiddenSize = 16,
        IntermediateSize = 24,
        LayerCount = 1,
        HeadCount = 2,
        KeyValueHeadCount = 1,
        HeadDim = 8,
        RotaryDim = 8,
        RopeTheta = 10_000,
        RmsNormEpsilon = 1e-5f,
        VocabularySize = Vocabulary.Tokens.Length,
        ContextLength = 64,
    };

    public string PathOf(string name) => _folder.PathOf(name);

    public string Write(string name, params string[] lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), string.Join('\n', lines));
        return PathOf(name);
    }

    public ShardFile Shard(params DataSource[] sources) => Shard(DuplicatePolicy.Near, sources);

    public ShardFile Shard(DuplicatePolicy duplicates, params DataSource[] sources) => ShardWriter.OpenOrWrite(
        PathOf("data.shard"), [.. sources.Select(source => SourceFiles.Find(source, PathOf(".")))], duplicates, Tokenizer,
        progress: null, CancellationToken.None);

    public static DataSource Source(string path, DataFormat format = DataFormat.Auto, double weight = 1) => new()
    {
        Name = path,
        Path = path,
        Format = format,
        Licence = "Apache-2.0",
        Origin = "here",
        RightsHolder = "us",
        Weight = weight,
    };

    public void Dispose() => _folder.Dispose();
}
