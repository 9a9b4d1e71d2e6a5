using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;
using Xunit.Abstractions;

namespace Ayni.Llama.Tests;

/// <summary>What an importance matrix does to quantized models.</summary>
public sealed class ImportanceQuantizationTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ConformanceFact]
    public void Errors_fall_where_they_matter()
    {
        var importance = CollectBard();
        using var source = GgufFile.Open(FirstLayerOfBard());
        foreach (var mix in (string[])["Q4_0", "Q2_K", "Q3_K_S", "Q4_K_M"])
        {
            var (plain, weighted) = (_folder.PathOf("plain.gguf"), _folder.PathOf("weighted.gguf"));
            ModelQuantizer.Quantize(source, plain, QuantizationMix.Find(mix)!, workers: 2);
            var use = ModelQuantizer.Quantize(source, weighted, QuantizationMix.Find(mix)!, workers: 2, importance: importance);
            Assert.Equal(7, use.Weighted);
            Assert.Empty(use.Unweighted);
            var (before, after) = (Error(source, plain, importance), Error(source, weighted, importance));
            output.WriteLine($"{mix}: {after} with importance, {before} without ({after / before - 1:P1})");
            Assert.InRange(after / before, 0.2, 0.99);
        }
    }

    [ConformanceFact]
    public void Each_expert_is_weighed_by_its_own_importance_and_an_unused_one_by_none()
    {
        using var source = GgufFile.Open(Conformance.PathOf("models", "llama4-scout-like", "llama4-scout-like-f32.gguf"));
        const string Name = "blk.0.ffn_gate_exps.weight";
        var tensor = source.Find(Name)!;
        var (columns, rows, experts) = ((int)tensor.Dimensions[0], (int)tensor.Dimensions[1], (int)tensor.Dimensions[2]);
        // Expert 1 hears its first column only, the last expert nothing, the others every column alike.
        var sums = Enumerable.Repeat(1f, columns * experts).ToArray();
        sums.AsSpan(columns + 1, columns - 1).Fill(0.0001f);
        sums.AsSpan((experts - 1) * columns, columns).Clear();
        var counts = Enumerable.Repeat(8f, experts).ToArray();
        counts[^1] = 0;
        var importance = new ImportanceMatrix([new(Name, [.. sums], [.. counts])]);
        var written = Quantized(importance);
        var plain = Quantized(null);
        var bytes = written.Length / experts;
        for (var expert = 0; expert < experts; expert++)
            Assert.Equal(expert != 1, written.AsSpan(expert * bytes, bytes).SequenceEqual(plain.AsSpan(expert * bytes, bytes)));

        byte[] Quantized(ImportanceMatrix? matrix)
        {
            var path = _folder.PathOf("out.gguf");
            ModelQuantizer.Quantize(source, path, QuantizationMix.Find("Q4_0")!, workers: 2, importance: matrix);
            using var file = GgufFile.Open(path);
            var result = file.Find(Name)!;
            Assert.Equal((TensorType.Q4_0, rows), (result.Type, (int)result.Dimensions[1]));
            return file.Data(result).Span(0, (int)result.Bytes).ToArray();
        }
    }

    [Fact]
    public void Another_models_matrix_is_refused_by_the_tensors_name()
    {
        using var model = new TemporaryModel(new TinyModel());
        using var source = GgufFile.Open(model.Path);
        var path = _folder.PathOf("out.gguf");
        var narrow = new ImportanceMatrix([new("blk.1.attn_k.weight", [1, 2], [1])]);
        var error = Assert.Throws<ModelFormatException>(() => Quantize(narrow));
        Assert.Equal("blk.1.attn_k.weight", error.Field);
        var foreign = new ImportanceMatrix([new("blk.99.attn_k.weight", [1, 2], [1])]);
        Assert.Contains("another model", Assert.Throws<ModelFormatException>(() => Quantize(foreign)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Name));

        void Quantize(ImportanceMatrix matrix) => ModelQuantizer.Quantize(source, path, QuantizationMix.Find("Q4_0")!, importance: matrix);
    }

    [Fact]
    public void The_file_says_where_its_importance_came_from_and_a_later_one_does_not()
    {
        using var model = new TemporaryModel(new TinyModel());
        var matrix = _folder.PathOf("imatrix.gguf");
        new ImportanceMatrix([new("blk.1.attn_k.weight", [.. new float[64]], [1])]) { Datasets = ["text"], ChunkCount = 5 }.Save(matrix);
        var (first, second) = (_folder.PathOf("first.gguf"), _folder.PathOf("second.gguf"));
        using (var source = GgufFile.Open(model.Path))
            ModelQuantizer.Quantize(source, first, QuantizationMix.Find("Q4_0")!, importance: ImportanceMatrix.Open(matrix));
        using (var file = GgufFile.Open(first))
        {
            Assert.Equal("imatrix.gguf", file.Metadata.FindString("quantize.imatrix.file"));
            Assert.Equal("text", file.Metadata.FindString("quantize.imatrix.dataset"));
            Assert.Equal((1u, 5u), (file.Metadata.Find("quantize.imatrix.entries_count"), file.Metadata.Find("quantize.imatrix.chunks_count")));
            ModelQuantizer.Quantize(file, second, QuantizationMix.Find("Q5_0")!, allowRequantize: true);
        }
        using var again = GgufFile.Open(second);
        Assert.DoesNotContain(again.Metadata.Keys, key => key.StartsWith("quantize.", StringComparison.Ordinal));
    }

    private static ImportanceMatrix CollectBard()
    {
        using var model = ReferenceModel.Load("bard");
        var text = File.ReadAllText(Conformance.PathOf("models", "bard", "eval.txt"));
        return ImportanceCollector.Collect(model, model.EncodePrompt(text[..4000]), 128, "eval.txt");
    }

    /// <summary>A file of the matrices of the trained model's first layer, which are soon quantized.</summary>
    private string FirstLayerOfBard()
    {
        using var source = GgufFile.Open(Conformance.PathOf("models", "bard", "bard.gguf"));
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("llama.block_count", 4u);
        foreach (var tensor in source.Tensors.Where(tensor => tensor.Name.StartsWith("blk.0.", StringComparison.Ordinal)))
        {
            writer.AddTensor(
                tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(source.Data(tensor).Span(0, (int)tensor.Bytes)));
        }
        writer.Save(_folder.PathOf("layer.gguf"));
        return _folder.PathOf("layer.gguf");
    }

    /// <summary>The sum over all measured matrices of each weight's squared error times the mean square of its column's inputs.</summary>
    private static double Error(GgufFile source, string path, ImportanceMatrix importance)
    {
        using var quantized = GgufFile.Open(path);
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        var error = 0.0;
        foreach (var entry in importance.Entries.Where(entry => source.Find(entry.Name) is not null))
        {
            var (original, written) = (source.Find(entry.Name)!, quantized.Find(entry.Name)!);
            var (columns, rows) = ((int)original.Dimensions[0], (int)original.Dimensions[1]);
            var weights = MemoryMarshal.Cast<byte, float>(source.Data(original).Span(0, (int)original.Bytes));
            using var matrix = PackedMatrix.Pack(quantized.Data(written), written.Type, rows, columns, context);
            var row = new float[columns];
            for (var i = 0; i < rows; i++)
            {
                matrix.CopyRow(i, row);
                for (var column = 0; column < columns; column++)
                    error += Math.Pow(weights[i * columns + column] - row[column], 2) * entry.SquareSums[column] / entry.Counts[0];
            }
        }
        return error;
    }
}
