using System.Globalization;
using System.Text;
using Npgsql.Internal;

#pragma warning disable NPG9001

namespace Ayni.Ledger;

/// <summary>
/// Reads a <c>numeric</c> as exact text, as the server shows it. Npgsql itself reads it as a <see cref="decimal"/>, whose 28 digits are too
/// few for money's 38. The binary form is that of <c>numeric_send</c> in PostgreSQL's numeric.c: digits to the base 10,000.
/// </summary>
internal sealed class NumericText : PgBufferedConverter<string>
{
    private const ushort Positive = 0x0000, Negative = 0x4000;

    /// <summary>Bytes of the longest value that is read: far more than the 11 digits of money's 38 decimals.</summary>
    private const int LongestValue = 8 + 64 * sizeof(short);

    public override bool CanConvert(DataFormat format, out BufferRequirements bufferRequirements)
    {
        bufferRequirements = BufferRequirements.Create(read: Size.CreateUpperBound(LongestValue), write: Size.Zero);
        return format == DataFormat.Binary;
    }

    public override Size GetSize(SizeContext context, string value, ref object? writeState) => throw new NotSupportedException();

    protected override string ReadCore(PgReader reader)
    {
        var count = reader.ReadInt16();
        var weight = reader.ReadInt16();
        var sign = reader.ReadUInt16();
        var scale = reader.ReadInt16();
        if (sign is not (Positive or Negative))
            throw Rows.Damaged("an amount that is no number");
        var digits = new short[count];
        for (var i = 0; i < count; i++)
            digits[i] = reader.ReadInt16();

        var text = new StringBuilder(48);
        if (sign == Negative)
            text.Append('-');
        text.Append(CultureInfo.InvariantCulture, $"{DigitAt(Math.Max((int)weight, 0))}");
        for (var place = weight - 1; place >= 0; place--)
            text.Append(CultureInfo.InvariantCulture, $"{DigitAt(place):D4}");
        if (scale == 0)
            return text.ToString();
        text.Append('.');
        var end = text.Length + scale;
        for (var place = -1; text.Length < end; place--)
            text.Append(CultureInfo.InvariantCulture, $"{DigitAt(place):D4}");
        text.Length = end;
        return text.ToString();

        // The digit worth 10,000 to the power of a place.
        int DigitAt(int place) => weight - place is var i && i >= 0 && i < count ? digits[i] : 0;
    }

    protected override void WriteCore(PgWriter writer, string value) => throw new NotSupportedException();
}
