using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>A model in memory: its configuration, weights, tokenizer and chat format. Immutable once loaded.</summary>
public sealed class LlamaModel : IDisposable
{
    /// <summary>The name clients call the model by: the file's name without folder and extension.</summary>
    public string Name { get; private init; } = "";

    /// <summary>SHA-256 of the model file: which weights answered.</summary>
    public ReadOnlyMemory<byte> Digest { get; private init; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; private init; } = null!;

    /// <summary>How a conversation becomes a prompt; null for a base model without a chat format.</summary>
    public ChatFormat? ChatFormat { get; private init; }

    /// <summary>The context the model was trained for, in tokens.</summary>
    public int TrainedContextLength { get; private init; }

    /// <summary>
    /// Loads a model file. Throws <see cref="ModelFormatException"/> if the file is not one Ayni can run, <see cref="IOException"/> if it can't be read.
    /// </summary>
    /// <param name="path">A GGUF file.</param>
    /// <param name="tier">The arithmetic tier.</param>
    /// <param name="threads">Threads that compute, the caller's included; 0 takes one a core.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    public static LlamaModel Load(string path, KernelTier tier, int threads, IProgress<double>? progress, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public void Dispose() { }
}
