using System.Collections;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using SQLitePCL;

namespace Ayni.Ledger;

/// <summary>The rows of a query, read forward and without names, straight from SQLite.</summary>
internal sealed class SqliteRows(SqliteSession session, sqlite3_stmt statement) : DbDataReader
{
    private bool _isClosed;

    public override int FieldCount => raw.sqlite3_column_count(statement);

    public override bool IsClosed => _isClosed;

    public override int Depth => 0;

    public override int RecordsAffected => -1;

    public override bool HasRows => throw new NotSupportedException();

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => throw new NotSupportedException();

    public override bool Read() => session.Step(statement);

    public override bool NextResult() => false;

    public override bool IsDBNull(int ordinal) => raw.sqlite3_column_type(statement, ordinal) == raw.SQLITE_NULL;

    public override long GetInt64(int ordinal) => Demand(ordinal, raw.SQLITE_INTEGER)
        ? raw.sqlite3_column_int64(statement, ordinal)
        : throw Rows.Damaged($"a number of type {raw.sqlite3_column_type(statement, ordinal)}");

    public override int GetInt32(int ordinal) => checked((int)GetInt64(ordinal));

    public override string GetString(int ordinal) => Demand(ordinal, raw.SQLITE_TEXT)
        ? raw.sqlite3_column_text(statement, ordinal).utf8_to_string()
        : throw Rows.Damaged($"a text of type {raw.sqlite3_column_type(statement, ordinal)}");

    public override object GetValue(int ordinal) => SqliteSession.Value(statement, ordinal);

    public override T GetFieldValue<T>(int ordinal) => GetValue(ordinal) is T value
        ? value
        : throw Rows.Damaged($"a value of type {raw.sqlite3_column_type(statement, ordinal)}");

    public override void Close()
    {
        if (!_isClosed)
            raw.sqlite3_reset(statement);
        _isClosed = true;
    }

    private bool Demand(int ordinal, int type) => raw.sqlite3_column_type(statement, ordinal) == type;

    // What nobody here asks for.

    public override bool GetBoolean(int ordinal) => throw new NotSupportedException();

    public override byte GetByte(int ordinal) => throw new NotSupportedException();

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override char GetChar(int ordinal) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override string GetDataTypeName(int ordinal) => throw new NotSupportedException();

    public override DateTime GetDateTime(int ordinal) => throw new NotSupportedException();

    public override decimal GetDecimal(int ordinal) => throw new NotSupportedException();

    public override double GetDouble(int ordinal) => throw new NotSupportedException();

    public override IEnumerator GetEnumerator() => throw new NotSupportedException();

    [return: DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.PublicProperties)]
    public override Type GetFieldType(int ordinal) => throw new NotSupportedException();

    public override float GetFloat(int ordinal) => throw new NotSupportedException();

    public override Guid GetGuid(int ordinal) => throw new NotSupportedException();

    public override short GetInt16(int ordinal) => throw new NotSupportedException();

    public override string GetName(int ordinal) => throw new NotSupportedException();

    public override int GetOrdinal(string name) => throw new NotSupportedException();

    public override int GetValues(object[] values) => throw new NotSupportedException();
}
