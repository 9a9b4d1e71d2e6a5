using System.CommandLine;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Cli;

/// <summary>The options by which every command finds and loads a model.</summary>
internal static class ModelOption
{
    private const string TierVariable = "AYNI_KERNELS";

    private static readonly string[] CacheTypeNames = [.. Enum.GetNames<CacheType>().Select(name => name.ToLowerInvariant())];

    /// <summary><c>--model FILE</c>, which may be a folder.</summary>
    public static Option<string?> Model() => new("--model", "-m")
    {
        Description = "A GGUF file, a Hugging Face folder, a folder with Meta's download, or a pulled OWNER/NAME[:QUANT]. "
            + "Without it, the model in a folder models/ here, or Cria, the small model in the box.",
        HelpName = "FILE",
    };

    /// <summary><c>--draft FILE</c>.</summary>
    public static Option<string?> Draft() => new("--draft")
    {
        Description = "A smaller model of the same vocabulary that drafts what the model then checks. Changes no answer.",
        HelpName = "FILE",
    };

    /// <summary><c>--adapter DIR</c>.</summary>
    public static Option<string?> Adapter() => new("--adapter")
    {
        Description = "A folder with an adapter of the model, as 'ayni tune' and PEFT write it.",
        HelpName = "DIR",
    };

    /// <summary>The adapter's folder; null where none is named.</summary>
    public static string? FindAdapter(string? named)
    {
        if (named is not null && !File.Exists(Path.Combine(named, "adapter_config.json")))
            throw new UsageException($"There is no adapter in {named}: a folder with adapter_config.json and adapter_model.safetensors is one.");
        return named;
    }

    /// <summary><c>--threads N</c>.</summary>
    public static Option<int> Threads() => new("--threads")
    {
        Description = "Threads that compute; 0 takes one a core.",
        HelpName = "N",
    };

    /// <summary><c>--pack-cache</c>.</summary>
    public static Option<bool> PackCache() => new("--pack-cache")
    {
        Description = "Keep the weights as packed for this processor in a file beside the model, as large again, so that later starts map it.",
    };

    /// <summary><c>--cache-type TYPE</c>.</summary>
    public static Option<string> CacheType() => new("--cache-type")
    {
        Description = $"How keys and values are stored: {string.Join(", ", CacheTypeNames)}. Smaller types hold more text in the same memory.",
        HelpName = "TYPE",
        DefaultValueFactory = _ => CacheTypeNames[0],
    };

    /// <summary>The cache type of that name, in any case.</summary>
    public static CacheType CheckCacheType(string name) =>
        CacheTypeNames.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<CacheType>(name, ignoreCase: true)
            : throw new UsageException($"--cache-type {name}: expected {string.Join(", ", CacheTypeNames[..^1])} or {CacheTypeNames[^1]}.");

    /// <summary><c>--force</c>.</summary>
    public static Option<bool> Force() => new("--force", "-f") { Description = "Replace what is there under the name to write." };

    /// <summary>
    /// The model's file or folder: the one named, which may be a pulled model's name, or the one in <c>models/</c> below the current folder
    /// or the program's own, where the model in the box lies.
    /// </summary>
    public static string Find(string? named)
    {
        if (named is not null)
            return File.Exists(named) || Directory.Exists(named) ? named : FindPulled(named);

        foreach (var folder in ModelFolders())
        {
            string[] files =
            [
                .. GgufFile.ModelsIn(folder).Concat(Directory.EnumerateDirectories(folder).Where(IsModelFolder)).Order(StringComparer.Ordinal),
            ];
            if (files.Length == 1)
                return files[0];
            if (files.Length > 1)
                throw new UsageException($"Several models are in {folder}; name one: --model {string.Join(" or ", files.Select(Path.GetFileName))}");
        }
        throw new UsageException(
            "No model was named and none is in models/. Name a GGUF file or a model's folder with --model, or put one into a folder models/ here.");
    }

    /// <summary>The tokenizer of a model, whose weights are not loaded, or of a bare tokenizer file.</summary>
    public static Tokenizer OpenTokenizer(string? named)
    {
        var path = Find(named);
        if (!Directory.Exists(path) && !IsGguf(path))
            return Tokenizer.Open(path);
        using var source = ModelSource.Open(path);
        return source.ReadTokenizer() ?? throw new UsageException($"There is no tokenizer in {path}.");
    }

    /// <summary>Loads a model with the tier that <c>AYNI_KERNELS</c> asks for, showing progress on a terminal.</summary>
    /// <param name="named">What <c>--model</c> says.</param>
    /// <param name="threads">What <c>--threads</c> says.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <param name="packCache">What <c>--pack-cache</c> says.</param>
    /// <param name="adapter">What <c>--adapter</c> says.</param>
    /// <param name="usual">The tier where the variable asks for none; null for this machine's best.</param>
    public static LlamaModel Load(
        string? named,
        int threads,
        CancellationToken cancellationToken,
        bool packCache = false,
        string? adapter = null,
        KernelTier? usual = null)
    {
        var path = Find(named);
        FindAdapter(adapter);
        CheckThreads(threads);
        using var progress = new LoadProgress("Loading", Path.GetFileName(Path.TrimEndingDirectorySeparator(path)));
        var model = LlamaModel.Load(path, Tier(usual), threads, packCache, adapter, progress, cancellationToken);
        if (model.TierRefusal is { } refusal)
            Warn(refusal);
        if (model.PackCacheRefusal is { } cacheRefusal)
            Warn(cacheRefusal);
        return model;
    }

    /// <summary>A number of threads that a team can have.</summary>
    public static int CheckThreads(int threads) =>
        threads is >= 0 and <= 1024 ? threads : throw new UsageException($"--threads {threads}: expected 0 to 1024.");

    /// <summary>The arithmetic tier from the environment, or this machine's best; an unknown one falls back with one warning.</summary>
    public static KernelTier Tier(KernelTier? usual = null)
    {
        var wish = Environment.GetEnvironmentVariable(TierVariable);
        switch (wish)
        {
            case null or "":
                return usual ?? ComputeContext.BestTier;
            case "compiled":
                return KernelTier.Compiled;
            case "avx2":
                return KernelTier.CompiledAvx2;
            case "simd":
                return KernelTier.Simd;
            case "scalar":
                return KernelTier.Scalar;
            default:
                Warn($"{TierVariable}={wish} is not a tier; the best one for this machine is used (there are: compiled, avx2, simd, scalar).");
                return ComputeContext.BestTier;
        }
    }

    /// <summary>Writes a warning that does not stop the command.</summary>
    public static void Warn(string message) => Console.Error.WriteLine($"ayni: warning: {message}");

    private static string FindPulled(string named)
    {
        if (!HubReference.TryParse(named, out var reference))
            throw new UsageException($"There is no file or folder {named}.");
        return ModelStore.OfUser().Find(reference) switch
        {
            [var only] => only.Path,
            [] => throw new UsageException($"There is no file or folder {named}, and no such model was pulled; download it: ayni pull {named}"),
            var several => throw new UsageException(
                $"{named} means several pulled models; name one: {string.Join(" or ", several.Select(model => model.Reference))}"),
        };
    }

    private static bool IsModelFolder(string folder) =>
        File.Exists(Path.Combine(folder, "config.json")) || File.Exists(Path.Combine(folder, "params.json"));

    private static bool IsGguf(string path)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(path);
        return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }

    private static IEnumerable<string> ModelFolders()
    {
        var starts = new List<string> { Directory.GetCurrentDirectory() };
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            starts.Add(folder.FullName);
        return starts.Select(start => Path.Combine(start, "models")).Where(Directory.Exists).Distinct(StringComparer.Ordinal);
    }
}
