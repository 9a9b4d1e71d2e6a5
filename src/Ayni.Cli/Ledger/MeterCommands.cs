using System.CommandLine;
using Ayni.Ledger;

namespace Ayni.Cli;

/// <summary><c>ayni key allow</c>, <c>disallow</c> and <c>metered</c>: the customers' keys that meters elsewhere may report for.</summary>
internal static class MeterCommands
{
    private static readonly Listing<MeteredKey> Listing = new(
        LedgerJson.Default.MeteredKey, new("meter", key => key.MeterId), new("key", key => key.KeyId));

    public static Command CreateAllow() => Create(
        "allow",
        """
        Let a meter report what was used elsewhere under a customer's key.

        Example:
          ayni key allow key_5v0t2vam3kq0 key_7m3kq0x9t2va
        """,
        (books, meter, key, cancellationToken) => books.AllowMeterAsync(meter, key, cancellationToken));

    public static Command CreateDisallow() => Create(
        "disallow",
        """
        Let a meter report for a customer's key no more; what it told before stays.

        Example:
          ayni key disallow key_5v0t2vam3kq0 key_7m3kq0x9t2va
        """,
        (books, meter, key, cancellationToken) => books.DisallowMeterAsync(meter, key, cancellationToken));

    public static Command CreateList() => LedgerCommand.Create(
        "metered",
        """
        List the customers' keys that meters may report for.

        Example:
          ayni key metered --json
        """,
        [],
        (books, _, output, _) =>
        {
            output.Write(Listing, books.ListMeteredKeys());
            return Task.CompletedTask;
        });

    private static Command Create(
        string name, string description, Func<Books, string, string, CancellationToken, Task<MeteredKey>> change)
    {
        var meter = new Argument<string>("meter") { Description = "The meter's key." };
        var key = new Argument<string>("key") { Description = "The customer's key." };
        return LedgerCommand.Create(name, description, [meter, key], async (books, result, output, cancellationToken) => output.WriteOne(
            Listing, await change(books, result.GetValue(meter)!, result.GetValue(key)!, cancellationToken).ConfigureAwait(false)));
    }
}
