using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Ayni.Llama.Tests;

/// <summary>One tensor to be written into a checkpoint, with lies where a test needs them.</summary>
internal sealed record RawTensor(string Name, int[] Shape, byte[] Data)
{
    /// <summary>
    /// <c>FloatStorage</c>, <c>HalfStorage</c> or <c>BFloat16Storage</c>; or <c>BytesIO</c> for what is no tensor but a stream of bytes.
    /// </summary>
    public string Storage { get; init; } = "FloatStorage";

    /// <summary>Strides; those of contiguous numbers where null.</summary>
    public int[]? Strides { get; init; }

    /// <summary>The first number's place in the storage.</summary>
    public int Offset { get; init; }

    /// <summary>Numbers that the pickle says the storage has.</summary>
    public int? Count { get; init; }

    public int BytesPerNumber => Storage == "FloatStorage" ? 4 : 2;
}

/// <summary>
/// Writes PyTorch checkpoints as <c>torch.save</c> does: a pickle of protocol 2 and storages in a zip archive of stored members.
/// </summary>
internal static class RawCheckpoint
{
    public static byte[] Of(params IEnumerable<RawTensor> tensors)
    {
        var all = tensors.ToList();
        return Archive(Pickle(all), [.. all.Select(tensor => tensor.Data)]);
    }

    /// <summary>An archive of a pickle and storages numbered from 0.</summary>
    public static byte[] Archive(byte[] pickle, params byte[][] storages)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("consolidated/data.pkl", pickle);
            Add("consolidated/byteorder", "little"u8.ToArray());
            for (var i = 0; i < storages.Length; i++)
                Add(string.Create(CultureInfo.InvariantCulture, $"consolidated/data/{i}"), storages[i]);
            Add("consolidated/version", "3\n"u8.ToArray());

            void Add(string name, byte[] content)
            {
                using var member = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                member.Write(content);
            }
        }
        return stream.ToArray();
    }

    /// <summary>The pickle of an ordered dictionary of tensors.</summary>
    public static byte[] Pickle(IReadOnlyList<RawTensor> tensors)
    {
        var pickle = new List<byte> { 0x80, 2 };
        Code("ccollections\nOrderedDict\n)Rq\0(");
        for (var i = 0; i < tensors.Count; i++)
        {
            var tensor = tensors[i];
            Text(tensor.Name);
            if (tensor.Storage == "BytesIO")
            {
                Stream(tensor.Data);
                continue;
            }
            Code("ctorch._utils\n_rebuild_tensor_v2\n((");
            Text("storage");
            Code($"ctorch\n{tensor.Storage}\n");
            Text(i.ToString(CultureInfo.InvariantCulture));
            Text("cpu");
            Number(tensor.Count ?? tensor.Data.Length / tensor.BytesPerNumber);
            Code("tQ");
            Number(tensor.Offset);
            Tuple(tensor.Shape);
            Tuple(tensor.Strides ?? Contiguous(tensor.Shape));
            pickle.Add(0x89);
            Code("ccollections\nOrderedDict\n)RtR");
        }
        Code("u}");
        Text("_metadata");
        Code("h\0sb.");
        return [.. pickle];

        // As Python's copyreg reduces it: a new object, and a state of its bytes, position and attributes.
        void Stream(byte[] content)
        {
            Code("c_io\nBytesIO\n)\u0081");
            if (content.Length == 0)
            {
                Code("c__builtin__\nbytes\n)R");
            }
            else
            {
                Code("c_codecs\nencode\n");
                Text(Encoding.Latin1.GetString(content));
                Text("latin1");
                Code("\u0086R");
            }
            Code("K\0N\u0087b");
        }

        void Code(string text) => pickle.AddRange(Encoding.Latin1.GetBytes(text));

        void Text(string text)
        {
            Code("X");
            Int32(Encoding.UTF8.GetByteCount(text));
            pickle.AddRange(Encoding.UTF8.GetBytes(text));
        }

        void Number(int value)
        {
            Code("J");
            Int32(value);
        }

        void Tuple(int[] values)
        {
            Code("(");
            foreach (var value in values)
                Number(value);
            Code("t");
        }

        void Int32(int value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
            pickle.AddRange(bytes);
        }
    }

    private static int[] Contiguous(int[] shape)
    {
        var strides = new int[shape.Length];
        for (var (i, stride) = (shape.Length - 1, 1); i >= 0; stride *= shape[i--])
            strides[i] = stride;
        return strides;
    }
}
