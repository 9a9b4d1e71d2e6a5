using Npgsql.Internal;
using Npgsql.Internal.Postgres;

// Npgsql marks what extends its type system as experimental: a newer version may ask for changes here, which the tests on a server show.
#pragma warning disable NPG9001

namespace Ayni.Ledger;

/// <summary>
/// What the ledger reads otherwise than Npgsql does: a <c>numeric</c> as text, and a <c>bigint</c> that is known to be small as an
/// <see cref="int"/>, as from SQLite.
/// </summary>
internal sealed class PostgresTypes : PgTypeInfoResolverFactory
{
    public override IPgTypeInfoResolver CreateResolver() => new Resolver();

    public override IPgTypeInfoResolver? CreateArrayResolver() => null;

    private sealed class Resolver : IPgTypeInfoResolver
    {
        private readonly TypeInfoMappingCollection _mappings = new();

        public Resolver()
        {
            _mappings.AddType<string>(
                "pg_catalog.numeric", static (options, mapping, _) => mapping.CreateInfo(options, new NumericText()), isDefault: false);
            _mappings.AddStructType<int>(
                "pg_catalog.int8", static (options, mapping, _) => mapping.CreateInfo(options, new SmallNumber()), isDefault: false);
        }

        public PgTypeInfo? GetTypeInfo(Type? type, DataTypeName? dataTypeName, PgSerializerOptions options) =>
            _mappings.Find(type, dataTypeName, options);
    }

    private sealed class SmallNumber : PgBufferedConverter<int>
    {
        public override bool CanConvert(DataFormat format, out BufferRequirements bufferRequirements)
        {
            bufferRequirements = BufferRequirements.CreateFixedSize(sizeof(long));
            return format == DataFormat.Binary;
        }

        protected override int ReadCore(PgReader reader) => checked((int)reader.ReadInt64());

        protected override void WriteCore(PgWriter writer, int value) => writer.WriteInt64(value);
    }
}
