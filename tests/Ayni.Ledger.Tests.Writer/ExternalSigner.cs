using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

/// <summary>An external signer for tests. What it is called decides which key it has and what it does wrong.</summary>
internal static class ExternalSigner
{
    public static void Answer(string name, string word)
    {
        var key = new Ed25519PrivateKeyParameters(new byte[32]);
        using var message = new MemoryStream();
        if (word == "sign")
            Console.OpenStandardInput().CopyTo(message);
        switch (name)
        {
            case "failing" when word == "sign":
                Console.Error.WriteLine("the card is not in its slot");
                Environment.Exit(3);
                break;
            case "babbling" when word == "sign":
                Console.Out.WriteLine(new string('A', 100_000));
                break;
            case "wrong" when word == "sign":
                Console.Out.WriteLine(Convert.ToBase64String(new byte[64]));
                break;
            case "deaf" when word == "sign":
                Thread.Sleep(Timeout.Infinite);
                break;
            default:
                Console.Out.WriteLine(Convert.ToBase64String(word == "public-key" ? key.GeneratePublicKey().GetEncoded() : Sign(key, message.ToArray())));
                break;
        }
    }

    private static byte[] Sign(Ed25519PrivateKeyParameters key, byte[] message)
    {
        var signer = new Ed25519Signer();
        signer.Init(true, key);
        signer.BlockUpdate(message, 0, message.Length);
        return signer.GenerateSignature();
    }
}
