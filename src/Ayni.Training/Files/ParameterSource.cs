using System.Collections.Immutable;
using Ayni.Kernels;
using Ayni.Llama;

namespace Ayni.Training;

/// <summary>
/// A model's source with other numbers in place of its weights: trained ones, or their gradients. So whatever writes models writes these,
/// under the model's own names and in its own order. Tensors without numbers are left out. The numbers are read when they are asked for.
/// The source beneath is not owned.
/// </summary>
internal sealed class ParameterSource : ModelSource
{
    private readonly ModelSource _inner;
    private readonly ILookup<string, Parameter> _parameters;
    private readonly Func<Parameter, float[]> _numbers;

    /// <summary>Takes the place of weights.</summary>
    /// <param name="inner">The model.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="numbers">What takes the place of a parameter's weights, as many.</param>
    public ParameterSource(ModelSource inner, IEnumerable<Parameter> parameters, Func<Parameter, float[]> numbers)
        : base(inner.Path)
    {
        _inner = inner;
        _parameters = parameters.ToLookup(parameter => parameter.Name, StringComparer.Ordinal);
        _numbers = numbers;
        Tensors =
        [
            .. inner.Tensors.Where(tensor => _parameters.Contains(tensor.Name)).Select(tensor =>
                tensor with { Type = TensorType.F32, TypeName = nameof(TensorType.F32), Bytes = tensor.Weights * sizeof(float) }),
        ];
    }

    public override string Format => _inner.Format;

    public override string Name => _inner.Name;

    public override GgufMetadata Metadata => _inner.Metadata;

    public override IReadOnlyList<ModelTensor> Tensors { get; }

    public override IReadOnlyList<string> Files => _inner.Files;

    public override string? TokenizerName => _inner.TokenizerName;

    public override string? ChatTemplate => _inner.ChatTemplate;

    public override IReadOnlyList<int> EndOfGeneration => _inner.EndOfGeneration;

    internal override string ConfigPath => _inner.ConfigPath;

    public override Tokenizer? ReadTokenizer() => _inner.ReadTokenizer();

    public override LlamaConfig ReadConfig(Tokenizer? tokenizer) => _inner.ReadConfig(tokenizer);

    /// <summary>
    /// The numbers in place of weights, each tensor under the name, in the row order and in the layout that the model's own files have.
    /// </summary>
    public IReadOnlyList<OutputTensor> InOwnOrder(LlamaConfig config, RowConverter converter)
    {
        var weights = new WeightStreams(this, converter);
        if (_inner is not HuggingFaceSource)
            return [.. Tensors.Select(tensor => weights.InGgufOrder(tensor, tensor.StoredName, TensorType.F32))];
        // A model that sees pictures has a prefix before the names of its language model.
        var names = GgufConfigWriter.IsLlama4(config) ? HuggingFaceNames.Llama4 : HuggingFaceNames.Llama;
        var embedding = _inner.Tensors.First(tensor => tensor.Name == "token_embd.weight");
        var prefix = embedding.StoredName[..^names.FromGguf(embedding.Name)!.Length];
        return [.. HuggingFaceConversion.Tensors(this, weights, config, mix: null).Select(tensor =>
            tensor with { Name = prefix + tensor.Name })];
    }

    internal override ModelFormatException Missing(string name) => _inner.Missing(name);

    internal override TensorContent Read(ModelTensor tensor)
    {
        var parameters = _parameters[tensor.Name].ToImmutableArray();
        var copy = new NativeBuffer(tensor.Bytes);
        var start = 0L;
        foreach (var parameter in parameters)
        {
            var numbers = _numbers(parameter);
            numbers.CopyTo(copy.Span<float>(start, numbers.Length));
            start += numbers.Length;
        }
        return new TensorContent(copy);
    }

    internal override TensorContent ReadExpert(ModelTensor stack, int expert)
    {
        var numbers = _numbers(_parameters[stack.Name].ElementAt(expert));
        var copy = new NativeBuffer((long)numbers.Length * sizeof(float));
        numbers.CopyTo(copy.Span<float>(0, numbers.Length));
        return new TensorContent(copy);
    }

    private protected override void Close()
    {
    }
}
