using System.Collections.Immutable;
using Ayni.Kernels;

namespace Ayni.Llama;

/// <summary>
/// Reads a model's tensors as other files keep them: in another type, row order or layout of experts. One tensor is in memory at a time.
/// </summary>
internal sealed class WeightStreams(ModelSource source, RowConverter converter)
{
    /// <summary>A tensor as GGUF keeps it.</summary>
    public OutputTensor InGgufOrder(ModelTensor tensor, string name, TensorType type) =>
        new(name, type, tensor.Dimensions, stream => Guarded(tensor, () =>
        {
            if (tensor.IsExpertStack && source is not GgufSource)
            {
                for (var expert = 0; expert < tensor.Dimensions[2]; expert++)
                {
                    using var matrix = source.ReadExpert(tensor, expert);
                    Write(tensor, matrix.Data, type, stream);
                }
                return;
            }
            using var content = source.Read(tensor);
            Write(tensor, content.Data, type, stream);
        }));

    /// <summary>
    /// Query or key rows, or their biases, in the order of Hugging Face's files: a head's first halves of pairs, then their second halves.
    /// </summary>
    public OutputTensor InHalves(ModelTensor tensor, string name, TensorType type, int headDim) =>
        new(name, type, tensor.Dimensions, stream => Guarded(tensor, () =>
        {
            using var content = source.Read(tensor);
            var rows = tensor.Dimensions is [_, var outputs] ? outputs : tensor.Dimensions[0];
            using var halves = RotaryRows.ToHalves(content.Data, checked((int)rows), headDim);
            Write(tensor, new TensorData(halves), type, stream);
        }));

    /// <summary>Matrices as GGUF keeps them, one below the other.</summary>
    public OutputTensor Stacked(ImmutableArray<ModelTensor> matrices, string name, TensorType type)
    {
        foreach (var matrix in matrices)
        {
            if (matrix.Dimensions is not [var columns, _] || columns != matrices[0].Dimensions[0])
                throw matrix.Error($"is not a matrix as wide as {matrices[0].StoredName}, with which it is to be joined");
        }
        OutputTensor[] parts = [.. matrices.Select(matrix => InGgufOrder(matrix, name, type))];
        return new(name, type, [matrices[0].Dimensions[0], matrices.Sum(matrix => matrix.Dimensions[1])], stream =>
        {
            foreach (var part in parts)
                part.Write(stream);
        });
    }

    /// <summary>
    /// A router, or the matrices of all experts, as other files keep them: a row for each input, with the outputs of one matrix or, of
    /// gates and up projections, of both.
    /// </summary>
    /// <returns><c>[experts, inputs, outputs]</c>; of a router, a single such matrix.</returns>
    public OutputTensor ByInput(ImmutableArray<ModelTensor> stacks, string name, TensorType type)
    {
        if (stacks[0].Dimensions is not [var inputs, var outputs, .. var experts])
            throw stacks[0].Error("is not a matrix, or one for each expert");
        foreach (var stack in stacks)
        {
            if (!stack.Dimensions.SequenceEqual(stacks[0].Dimensions))
                throw stack.Error($"has another shape than {stacks[0].StoredName}, with which it is to be joined");
        }
        return new(name, type, [outputs * stacks.Length, inputs, .. experts], stream =>
        {
            for (var expert = 0; expert < (experts is [var count] ? count : 1); expert++)
            {
                byte[][] turned = [.. stacks.Select(stack => Turned(stack, expert, type))];
                var rowBytes = turned[0].Length / (int)inputs;
                for (var input = 0; input < inputs; input++)
                {
                    foreach (var matrix in turned)
                        stream.Write(matrix, input * rowBytes, rowBytes);
                }
            }
        });
    }

    private byte[] Turned(ModelTensor stack, int expert, TensorType type)
    {
        var rows = new MemoryStream();
        Guarded(stack, () =>
        {
            using var matrix = stack.IsExpertStack ? source.ReadExpert(stack, expert) : source.Read(stack);
            Write(stack, matrix.Data, type, rows);
        });
        using var data = new NativeBuffer(rows.Length);
        rows.GetBuffer().AsSpan(0, (int)rows.Length).CopyTo(data.Span<byte>(0, (int)rows.Length));
        var (inputs, outputs) = ((int)stack.Dimensions[0], (int)stack.Dimensions[1]);
        // To turn a matrix of outputs by inputs is the same as the other way round.
        using var turned = ExpertMatrices.ToOutputRows(new TensorData(data), outputs, 0, inputs, (int)TensorTypes.FormatOf(type).Bytes);
        return turned.Span<byte>(0, (int)turned.Bytes).ToArray();
    }

    private void Write(ModelTensor tensor, TensorData data, TensorType type, Stream stream) =>
        converter.Write(data, tensor.Type!.Value, checked((int)tensor.Dimensions[0]), type, stream);

    private static void Guarded(ModelTensor tensor, Action write)
    {
        try
        {
            write();
        }
        catch (ArithmeticException error)
        {
            throw tensor.Error(error.Message);
        }
    }
}
