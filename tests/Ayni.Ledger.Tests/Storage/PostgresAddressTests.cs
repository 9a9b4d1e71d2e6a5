namespace Ayni.Ledger.Tests;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("postgres://ann:s%40crt@db.example:6432/books?sslmode=Require", "db.example", 6432, "books", "ann", "s@crt")]
    [InlineData("postgresql://db.example/books", "db.example", 5432, "books", null, null)]
    [InlineData("Host=db.example; Database=books; Username=ann", "db.example", 5432, "books", "ann", null)]
    [InlineData("database=books;host=db.example", "db.example", 5432, "books", null, null)]
    public void An_address_is_read(string place, string host, int port, string database, string? user, string? password)
    {
        Assert.True(PostgresAddress.IsOne(place));
        var address = PostgresAddress.Parse(place);
        Assert.Equal((host, port, database, user, password), (address.Host, address.Port, address.Database, address.Username, address.Password));
    }

    [Theory]
    [InlineData("ledger.db")]
    [InlineData("/var/lib/ayni/host=1.db")]
    [InlineData("C:\\ayni\\ledger.db")]
    [InlineData("./Hostess/ledger.db")]
    public void A_path_is_a_file(string place) => Assert.False(PostgresAddress.IsOne(place));

    [Theory]
    [InlineData("postgres://")]
    [InlineData("postgres://host:port/x")]
    [InlineData("postgres://host/x?colour=s3cret")]
    [InlineData("Host=x;Port=s3cret")]
    [InlineData("Host=x;Colour=s3cret")]
    public void What_is_no_address_is_refused_and_not_repeated(string place)
    {
        var error = Assert.Throws<LedgerStorageException>(() => Database.At(place));
        Assert.Equal(StorageFault.Unreachable, error.Fault);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_is_not_there_is_named()
    {
        // Port 1 of this machine: nobody listens there.
        var error = Assert.Throws<LedgerStorageException>(() => Books.Open("postgres://ann:s3cret@127.0.0.1:1/books", TimeProvider.System));
        Assert.Equal(StorageFault.Unreachable, error.Fault);
        Assert.Contains("127.0.0.1:1/books", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error.ToString(), StringComparison.Ordinal);
    }
}
