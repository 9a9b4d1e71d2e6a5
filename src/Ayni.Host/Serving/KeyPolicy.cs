using System.Net;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// What must hold before a host listens where others reach it: somebody has issued keys on purpose, and the one that a first start issued
/// by itself, and printed where logs are kept, is shut.
/// </summary>
internal static class KeyPolicy
{
    /// <summary>
    /// Throws <see cref="KeyPolicyException"/> if the address is not this machine's own alone and the keys are not in order.
    /// </summary>
    public static void Demand(HostOptions options, Books books)
    {
        if (IPAddress.IsLoopback(options.ListenAddress))
            return;
        var inForce = books.ListKeys().Where(key => key.Revoked is null).ToArray();
        if (inForce.FirstOrDefault(key => key.IsDemo) is { } demo)
        {
            throw new KeyPolicyException(
                $"{options.ListenAddress} is reached from other machines, and the key of a first start, {demo.Id}, is still in force. "
                + $"Issue others with 'ayni key create', then shut it with: ayni key revoke {demo.Id}");
        }
        if (inForce.Length == 0)
        {
            throw new KeyPolicyException(
                $"{options.ListenAddress} is reached from other machines, and the ledger has no key in force. Enter a customer with "
                + "'ayni customer create NAME' and issue it a key with 'ayni key create --customer ID' first.");
        }
    }
}

/// <summary>The ledger's keys are not in order for the address to listen on.</summary>
public sealed class KeyPolicyException(string message) : Exception(message);
