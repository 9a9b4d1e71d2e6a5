using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Ayni.Kernels.Tests;

/// <summary>
/// Maps, instead of the code, a few instructions that pass its arguments to an <see cref="Emulator"/>: so kernels for any processor run,
/// slowly, on every x86-64 machine.
/// </summary>
internal sealed unsafe class EmulatingMapper(ICodeMapper mapper) : ICodeMapper
{
    private static readonly ConcurrentDictionary<nint, Emulator> Programs = new();

    private const int StubBytes = 22;

    // An exception may not leave a method that native code called; whoever waits for the product throws it.
    private static readonly ConcurrentQueue<Exception> Errors = new();

    public static void ThrowIfFailed()
    {
        if (Errors.TryDequeue(out var error))
            throw new InvalidOperationException("Emulation failed.", error);
    }

    public void* TryMap(ReadOnlySpan<byte> code, out string refusal)
    {
        var program = new Emulator(code);
        byte[] passProgram = OperatingSystem.IsWindows() ? [0x48, 0xba] : [0x48, 0xbe]; // mov rdx or rsi, program
        byte[] stub =
        [
            .. passProgram, .. BitConverter.GetBytes(program.Start),
            0x48, 0xb8, .. BitConverter.GetBytes((long)(nint)(delegate* unmanaged<void*, nint, void>)&Run), // mov rax, Run
            0xff, 0xe0, // jmp rax
        ];
        Assert.Equal(StubBytes, stub.Length);
        Programs[(nint)program.Start] = program;
        return mapper.TryMap(stub, out refusal);
    }

    public void Unmap(void* start, int length) => mapper.Unmap(start, StubBytes);

    [UnmanagedCallersOnly]
    private static void Run(void* arguments, nint program)
    {
        try
        {
            Programs[program].Run(arguments, OperatingSystem.IsWindows());
        }
        catch (Exception error)
        {
            Errors.Enqueue(error);
        }
    }
}
