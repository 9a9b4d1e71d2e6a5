using System.Runtime.Intrinsics;

namespace Ayni.Kernels;

/// <summary>Copies past the caches what nobody reads soon, so that its place is not read before and takes none there.</summary>
internal static unsafe class StreamedCopy
{
    /// <summary>Copies all of the source.</summary>
    /// <param name="source">Any length.</param>
    /// <param name="target">As long; not overlapping.</param>
    public static void Run(ReadOnlySpan<float> source, Span<float> target)
    {
        fixed (float* from = source, to = target)
        {
            nint i = 0;
            // What isn't aligned can't be streamed.
            if ((nuint)to % NativeBuffer.Alignment == 0)
            {
                for (; i + Vector512<float>.Count <= source.Length; i += Vector512<float>.Count)
                    Vector512.Load(from + i).StoreAlignedNonTemporal(to + i);
            }
            source[(int)i..].CopyTo(target[(int)i..]);
        }
    }
}
