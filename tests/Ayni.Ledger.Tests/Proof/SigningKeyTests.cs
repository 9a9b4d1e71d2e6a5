using System.Text;

namespace Ayni.Ledger.Tests;

public sealed class SigningKeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ayni-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    // RFC 8032, section 7.1: tests 1, 2 and 3.
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    [InlineData(
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")]
    public void Signatures_are_those_of_RFC_8032(string seed, string publicKey, string message, string signature)
    {
        var key = new SigningKey(Convert.FromHexString(seed));
        var bytes = Convert.FromHexString(message);
        Assert.Equal(publicKey, Convert.ToHexStringLower(key.PublicBytes));
        Assert.Equal(signature, Convert.ToHexStringLower(key.Sign(bytes)));
        Assert.True(key.ForNotes("name").Verify(bytes, Convert.FromHexString(signature)));
        var other = Convert.FromHexString(signature);
        other[^1] ^= 0x80;
        Assert.False(key.ForNotes("name").Verify(bytes, other));
        Assert.False(key.ForNotes("name").Verify([.. bytes, 0], Convert.FromHexString(signature)));
    }

    [Fact]
    public void A_verifier_key_reads_as_C2SP_writes_it()
    {
        const string Text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        var key = PublicKey.Parse(Text);
        Assert.Equal(Text, key.ToString());
        var signature = Convert.FromBase64String("Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=");
        Assert.True(key.Verify(Encoding.UTF8.GetBytes("This is an example message.\n"), signature.AsSpan(4)));
        foreach (var broken in new[] { Text[..^1], Text + "=", Text.Replace("530d", "530e", StringComparison.Ordinal), "a b+530d903a+" + Text.Split('+', 3)[2], "", "++" })
            Assert.Throws<ProofException>(() => PublicKey.Parse(broken));
    }

    [Fact]
    public void A_key_is_the_same_after_a_restart_and_only_its_owners()
    {
        var path = Path.Combine(_folder, "a.key");
        var made = SigningKey.ReadOrCreate(path);
        Assert.Equal(made.PublicBytes, SigningKey.ReadOrCreate(path).PublicBytes);
        Assert.Throws<IOException>(() => SigningKey.Create(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
        if (OperatingSystem.IsWindows())
            return;
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Throws<ProofException>(() => SigningKey.Read(path));
    }

    [Fact]
    public async Task Processes_that_make_a_key_at_once_get_the_same()
    {
        for (var round = 0; round < 25; round++)
        {
            var path = Path.Combine(_folder, $"shared-{round}.key");
            using var start = new ManualResetEventSlim();
            var keys = Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
            {
                start.Wait();
                return Convert.ToHexString(SigningKey.ReadOrCreate(path).PublicBytes);
            })).ToArray();
            start.Set();
            Assert.Single((await Task.WhenAll(keys)).Distinct());
            Assert.Equal([path], Directory.GetFiles(_folder, $"shared-{round}.*"));
        }
    }
}
