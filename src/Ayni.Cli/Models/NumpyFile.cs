using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ayni.Cli;

/// <summary>
/// Writes a float32 matrix row by row in NumPy's format 1.0 (numpy.lib.format). The file grows under another name and gets its own when it
/// is complete.
/// </summary>
internal sealed class NumpyFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private bool _completed;

    /// <summary>Creates the file and writes its header.</summary>
    public NumpyFile(string path, long rows, long columns)
    {
        _path = path;
        var shape = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
        // Magic, version and header length take 10 bytes; the header is padded so that the data begins at a multiple of 64.
        var length = (10 + shape.Length + 1 + 63) / 64 * 64 - 10;
        Span<byte> head = [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0, 0, 0];
        BinaryPrimitives.WriteUInt16LittleEndian(head[8..], (ushort)length);
        _stream = File.Create(path + ".partial");
        _stream.Write(head);
        _stream.Write(Encoding.ASCII.GetBytes(shape.PadRight(length - 1) + "\n"));
    }

    /// <summary>Appends values in row order.</summary>
    public void Write(ReadOnlySpan<float> values) => _stream.Write(MemoryMarshal.AsBytes(values));

    /// <summary>Gives the file its name, once all rows are written.</summary>
    public void Complete()
    {
        _stream.Dispose();
        File.Move(_stream.Name, _path, overwrite: true);
        _completed = true;
    }

    public void Dispose()
    {
        if (_completed)
            return;
        _stream.Dispose();
        File.Delete(_stream.Name);
    }
}
