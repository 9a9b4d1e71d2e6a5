using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Ayni.Llama;

/// <summary>Computes what <see cref="ModelSource.ComputeTensorDigest"/> says.</summary>
internal static class TensorDigest
{
    /// <summary>The digest of some tensors, whatever their order.</summary>
    public static ReadOnlyMemory<byte> Compute(IEnumerable<OutputTensor> tensors)
    {
        using var sha = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, sha, CryptoStreamMode.Write))
        {
            foreach (var tensor in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
            {
                var sizes = string.Join(',', tensor.Dimensions.Select(size => size.ToString(CultureInfo.InvariantCulture)));
                stream.Write(Encoding.UTF8.GetBytes($"{tensor.Name}\0{tensor.Type}\0{sizes}\0"));
                tensor.Write(stream);
            }
        }
        return sha.Hash!;
    }
}
