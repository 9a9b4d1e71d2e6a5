using System.Diagnostics.CodeAnalysis;
using Ayni.Kernels;

namespace Ayni.Training;

/// <summary>
/// Memory for the intermediate results of one kind, which grows to the largest batch it has met: aligned, and in huge pages where it is
/// large. It lives as long as whoever computes with it, and the finalizer of its memory frees it.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Nothing but memory is owned, and its owners are many.")]
internal sealed class FloatBuffer
{
    private NativeBuffer? _values;

    /// <summary>So many floats, with what was last written to them.</summary>
    public Span<float> Take(long length)
    {
        if (length > Array.MaxLength)
            throw new BatchException($"the batch needs {length} numbers in one place, more than fit; take fewer or shorter sequences");
        if (_values is null || _values.Bytes < length * sizeof(float))
        {
            _values?.Dispose();
            _values = new NativeBuffer(length * sizeof(float));
        }
        return _values.Span<float>(0, (int)length);
    }

    /// <summary>The rows of some tokens, of so many floats each, of what was taken before: for many threads at once.</summary>
    public Span<float> Rows(TokenRange tokens, int width) => _values!.Span<float>((long)tokens.Start * width, tokens.Count * width);

    /// <summary>The same of numbers in BF16, of which the memory for as many floats is only half needed.</summary>
    public Span<ushort> BFloat16Rows(TokenRange tokens, int width) =>
        _values!.Span<ushort>((long)tokens.Start * width, tokens.Count * width);
}
