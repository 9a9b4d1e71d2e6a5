using System.Runtime.InteropServices;

namespace Ayni.Kernels;

/// <summary>A kernel that can be called, by any number of threads. Its memory lives until it is disposed.</summary>
internal sealed unsafe class ExecutableCode : SafeHandle
{
    private readonly ICodeMapper _mapper;
    private readonly int _length;

    private ExecutableCode(ICodeMapper mapper, void* start, int length) : base(0, ownsHandle: true)
    {
        _mapper = mapper;
        _length = length;
        SetHandle((nint)start);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The kernel: called with a pointer to its arguments.</summary>
    public delegate* unmanaged<void*, void> Entry => (delegate* unmanaged<void*, void>)handle;

    /// <summary>Maps a kernel, or says why the system refuses.</summary>
    public static ExecutableCode? TryCreate(ICodeMapper mapper, ReadOnlySpan<byte> code, out string refusal)
    {
        var start = mapper.TryMap(code, out refusal);
        return start is null ? null : new ExecutableCode(mapper, start, code.Length);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _mapper.Unmap((void*)handle, _length);
        return true;
    }
}
