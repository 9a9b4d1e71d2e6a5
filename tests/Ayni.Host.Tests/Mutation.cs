namespace Ayni.Host.Tests;

/// <summary>Damages bytes as a seeded random source says: flips, cuts, doubles, overwrites.</summary>
internal static class Mutation
{
    private static readonly byte[][] Fragments =
    [
        [0], [0xff, 0xfe], [0xed, 0xa0, 0x80], [.. "\\ud800"u8], [.. "\""u8], [.. "{"u8], [.. "]"u8], [.. "-1e999"u8], [.. "null"u8],
    ];

    public static byte[] Of(byte[] valid, Random random)
    {
        var body = valid.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && body.Count > 0; changes--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(5))
            {
                case 0:
                    body[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    body.RemoveRange(at, body.Count - at);
                    break;
                case 2:
                    body.RemoveRange(at, Math.Min(random.Next(1, 20), body.Count - at));
                    break;
                case 3:
                    body.InsertRange(at, body.Slice(at, Math.Min(random.Next(1, 20), body.Count - at)));
                    break;
                default:
                    body.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
            }
        }

        return [.. body];
    }
}
