namespace Ayni.Training;

/// <summary>Memory for the intermediate results of one kind, which grows to the largest batch it has met.</summary>
internal sealed class FloatBuffer
{
    private float[] _values = [];

    /// <summary>So many floats, with what was last written to them.</summary>
    public Span<float> Take(long length)
    {
        if (length > Array.MaxLength)
            throw new BatchException($"the batch needs {length} numbers in one place, more than fit; take fewer or shorter sequences");
        if (_values.Length < length)
            _values = GC.AllocateUninitializedArray<float>((int)length);
        return _values.AsSpan(0, (int)length);
    }
}
