using System.Collections.Immutable;

namespace Ayni.Llama;

/// <summary>
/// What a checkpoint's pickle may name: nothing is imported and nothing runs, a name only says what a tuple of arguments means.
/// </summary>
internal enum PickleGlobal
{
    /// <summary><c>collections.OrderedDict</c>.</summary>
    OrderedDictionary,

    /// <summary><c>torch._utils._rebuild_tensor_v2</c>.</summary>
    RebuildTensor,

    /// <summary><c>_io.BytesIO</c>: bytes in memory.</summary>
    ByteStream,

    /// <summary><c>_codecs.encode</c>: how protocol 2 writes bytes.</summary>
    Encode,

    /// <summary><c>bytes</c>: how protocol 2 writes none.</summary>
    Bytes,

    /// <summary><c>torch.FloatStorage</c>.</summary>
    FloatStorage,

    /// <summary><c>torch.HalfStorage</c>.</summary>
    HalfStorage,

    /// <summary><c>torch.BFloat16Storage</c>.</summary>
    BFloat16Storage,
}

/// <summary>Values of a pickle that nobody looks into; their contents are not kept.</summary>
internal enum PickleOpaque
{
    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A stream of bytes.</summary>
    ByteStream,
}

/// <summary>A run of numbers in a member of the archive.</summary>
/// <param name="Type">One of the storage types.</param>
/// <param name="Key">The member's name below <c>data/</c>.</param>
/// <param name="Count">How many numbers it has.</param>
internal sealed record PickleStorage(PickleGlobal Type, string Key, long Count);

/// <summary>A tensor: a view of a storage.</summary>
/// <param name="Storage">The numbers.</param>
/// <param name="Offset">The first one's place in the storage.</param>
/// <param name="Shape">The sizes, the contiguous one last.</param>
/// <param name="Strides">How many numbers apart neighbours of each dimension are.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, ImmutableArray<long> Shape, ImmutableArray<long> Strides);
