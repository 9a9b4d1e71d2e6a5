using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Writes a model in another kind of file, its configuration and tokenizer included. What the other kind can't say is refused by name,
/// never left out in silence. Holds nothing between calls.
/// </summary>
public static class ModelConverter
{
    // Configuration, tokenizer and descriptions of tensors beside the weights themselves.
    private const long OtherBytes = 32 << 20;

    /// <summary>
    /// Writes the model. Nothing is left under the path unless it is complete. Types stay as they are unless one is given, but for what the
    /// other kind of file can't hold: quantized weights become F16 in safetensors and Meta's checkpoints, and vectors F32 in GGUF.
    /// </summary>
    /// <param name="source">The model.</param>
    /// <param name="path">The file or folder to write.</param>
    /// <param name="format">What to write.</param>
    /// <param name="type">A mix to write the weights in; outside GGUF only F32, F16 and BF16. Null keeps their types.</param>
    /// <param name="replaces">Whether a model of that name may be replaced.</param>
    /// <param name="workers">Threads that compute; 0 takes one a core.</param>
    /// <param name="provenance">The digest of the manifest that GGUF and safetensors are to name; null keeps what the source names.</param>
    /// <param name="progress">Told the share done, from 0 to 1.</param>
    /// <param name="cancellationToken">Ends the writing; nothing is left behind.</param>
    /// <exception cref="ModelFormatException">The model can't be read, or not be said in the other kind of file; the field or tensor is
    /// named.</exception>
    /// <exception cref="DiskSpaceException">There is no room for the model.</exception>
    /// <exception cref="IOException">There is something under that name already, or it can't be written.</exception>
    public static void Convert(
        ModelSource source, string path, ModelFormat format, QuantizationMix? type = null, bool replaces = false, int workers = 0,
        string? provenance = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        RefuseToReplaceSource(source, path);
        source.RequireLlama();
        provenance ??= source.ProvenanceDigest;
        using var context = new ComputeContext(KernelTier.Scalar, workers);
        var weights = new WeightStreams(source, new RowConverter(context, cancellationToken));
        if (format == ModelFormat.Gguf)
        {
            if (Directory.Exists(path))
                throw new IOException($"{path} is a folder, and a file is to be written; choose another name.");
            if (File.Exists(path) && !replaces)
                throw new IOException($"{path} is there already; choose another name, or ask for it to be replaced.");
            var (metadata, tensors) = GgufConversion.Plan(source, weights, type);
            DiskSpace.Require(path, OtherBytes + tensors.Sum(tensor => tensor.Bytes));
            var writer = new GgufWriter();
            foreach (var (key, value) in metadata.Where(pair => pair.Key != ModelSource.ProvenanceKey))
                writer.Add(key, value);
            if (provenance is not null)
                writer.Add(ModelSource.ProvenanceKey, provenance);
            foreach (var tensor in Reporting(tensors, progress))
                writer.AddTensor(tensor.Name, tensor.Type, tensor.Dimensions, tensor.Write);
            writer.Save(path);
            return;
        }
        using var folder = OutputFolder.Create(path, replaces);
        if (format == ModelFormat.Safetensors)
        {
            var tensors = HuggingFaceConversion.WriteFiles(source, weights, type, folder);
            DiskSpace.Require(path, OtherBytes + tensors.Sum(tensor => tensor.Bytes));
            SafetensorsWriter.Write(folder.PathOf, Reporting(tensors, progress), provenance);
        }
        else
        {
            var (tensors, twins) = MetaConversion.WriteFiles(source, weights, type, folder);
            DiskSpace.Require(path, OtherBytes + tensors.Sum(tensor => tensor.Bytes));
            TorchCheckpointWriter.Write(folder.PathOf("consolidated.00.pth"), Reporting(tensors, progress), twins);
        }
        FolderFiles.CopyTerms(source.Path, folder);
        cancellationToken.ThrowIfCancellationRequested();
        folder.Commit();
    }

    private static OutputTensor[] Reporting(IReadOnlyList<OutputTensor> tensors, IProgress<double>? progress)
    {
        var (done, all) = (0L, Math.Max(1, tensors.Sum(tensor => tensor.Bytes)));
        return [.. tensors.Select(tensor => tensor with
        {
            Write = stream =>
            {
                tensor.Write(stream);
                progress?.Report((double)(done += tensor.Bytes) / all);
            },
        })];
    }

    private static void RefuseToReplaceSource(ModelSource source, string path)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        foreach (var file in source.Files.Select(Path.GetFullPath))
        {
            if (file == target || file.StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                throw new IOException($"{path} is, or holds, the model to be read; choose another name to write.");
        }
    }
}
