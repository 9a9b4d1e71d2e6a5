namespace Ayni.Kernels;

/// <summary>A way to turn bytes into code: memory that is written first, then executable and no longer writable, never both.</summary>
internal unsafe interface ICodeMapper
{
    /// <summary>Maps code, or says why the system refuses.</summary>
    /// <param name="code">The instructions.</param>
    /// <param name="refusal">Why there is no result; empty otherwise.</param>
    /// <returns>The first instruction, at the start of a page; null where it was refused.</returns>
    void* TryMap(ReadOnlySpan<byte> code, out string refusal);

    /// <summary>Gives the memory back.</summary>
    /// <param name="start">What <see cref="TryMap"/> returned.</param>
    /// <param name="length">The length of the code.</param>
    void Unmap(void* start, int length);
}
