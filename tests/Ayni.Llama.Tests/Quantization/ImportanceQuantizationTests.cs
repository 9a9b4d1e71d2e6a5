using System.Runtime.InteropServices;
using Ayni.Kernels;
using Ayni.Tests;

namespace Ayni.Llama.Tests;

/// <summary>What an importance matrix does to quantized models.</summary>
public sealed class ImportanceQuantizationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [ConformanceFact]
    public void Errors_fall_where_they_matter()
    {
        var path = Conformance.PathOf("models", "bard", "bard.gguf");
        using var source = GgufFile.Open(path);
        var importance = CollectBard(path);
        foreach (var (mix, least) in ((string, double)[])[("Q4_0", 0.02), ("Q2_K", 0.02), ("Q3_K_S", 0.02), ("Q4_K_M", 0.02)])
        {
            var (plain, weighted) = (_folder.PathOf("plain.gguf"), _folder.PathOf("weighted.gguf"));
            ModelQuantizer.Quantize(source, plain, QuantizationMix.Find(mix)!, workers: 2);
            var use = ModelQuantizer.Quantize(source, weighted, QuantizationMix.Find(mix)!, workers: 2, importance: importance);
            Assert.Equal(4 * 7, use.Weighted);
            Assert.Equal(["output.weight", "token_embd.weight"], use.Unweighted.Order());
            var (before, after) = (Error(source, plain, importance), Error(source, weighted, importance));
            Assert.True(after < before * (1 - least), $"{mix}: {after} with importance, {before} without ({after / before - 1:P1})");
        }
    }

    [ConformanceFact]
    public void Each_expert_is_weighed_by_its_own_importance_and_an_unused_one_by_none()
    {
        var path = Conformance.PathOf("models", "llama4-scout-like", "llama4-scout-like-f32.gguf");
        using var source = GgufFile.Open(path);
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
            var output = _folder.PathOf("out.gguf");
            ModelQuantizer.Quantize(source, output, QuantizationMix.Find("Q4_0")!, workers: 2, importance: matrix);
            using var file = GgufFile.Open(output);
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
        var output = _folder.PathOf("out.gguf");
        var narrow = new ImportanceMatrix([new("blk.1.attn_k.weight", [1, 2], [1])]);
        var error = Assert.Throws<ModelFormatException>(() => Quantize(narrow));
        Assert.Equal("blk.1.attn_k.weight", error.Field);
        var foreign = new ImportanceMatrix([new("blk.99.attn_k.weight", [1, 2], [1])]);
        Assert.Contains("another model", Assert.Throws<ModelFormatException>(() => Quantize(foreign)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Name));

        void Quantize(ImportanceMatrix matrix) => ModelQuantizer.Quantize(source, output, QuantizationMix.Find("Q4_0")!, importance: matrix);
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

    private static ImportanceMatrix CollectBard(string path)
    {
        using var model = LlamaModel.Load(path, KernelTier.Simd, threads: 2);
        var text = File.ReadAllText(Conformance.PathOf("models", "bard", "eval.txt"));
        return ImportanceCollector.Collect(model, model.EncodePrompt(text[..8000]), 128, "eval.txt");
    }

    /// <summary>The sum over all measured matrices of each weight's squared error times the mean square of its column's inputs.</summary>
    private static double Error(GgufFile source, string path, ImportanceMatrix importance)
    {
        using var quantized = GgufFile.Open(path);
        using var context = new ComputeContext(KernelTier.Scalar, 1);
        var error = 0.0;
        foreach (var entry in importance.Entries)
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
