namespace Ayni.Kernels;

/// <summary>A kernel as a method.</summary>
/// <param name="arguments">A pointer to its arguments.</param>
internal unsafe delegate void KernelMethod(void* arguments);

/// <summary>Something emitted that can be run, by any number of threads: machine code, or a method that the runtime compiled.</summary>
internal sealed unsafe class Kernel : IDisposable
{
    private readonly ExecutableCode? _code;
    private readonly delegate* unmanaged<void*, void> _entry;
    private readonly KernelMethod? _method;

    /// <summary>Takes machine code, and disposes of it.</summary>
    public Kernel(ExecutableCode code)
    {
        _code = code;
        _entry = code.Entry;
    }

    /// <summary>Takes a method.</summary>
    public Kernel(KernelMethod method) => _method = method;

    /// <summary>Runs it.</summary>
    public void Run(void* arguments)
    {
        if (_method is null)
            _entry(arguments);
        else
            _method(arguments);
    }

    /// <inheritdoc/>
    public void Dispose() => _code?.Dispose();
}
