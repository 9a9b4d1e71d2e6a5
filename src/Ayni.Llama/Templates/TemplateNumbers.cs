namespace Ayni.Llama;

/// <summary>Python's arithmetic on numbers; whole ones have 64 bits here, and more is an error.</summary>
internal static class TemplateNumbers
{
    public static TemplateValue OfWhole(TemplateContext context, string sign, long left, long right)
    {
        if (sign is "/" or "//" or "%" && right == 0)
            throw context.Error("division by zero");
        try
        {
            return sign switch
            {
                "+" => new IntegerValue(checked(left + right)),
                "-" => new IntegerValue(checked(left - right)),
                "*" => new IntegerValue(checked(left * right)),
                "/" => new FloatValue((double)left / right),
                "//" => new IntegerValue(FloorDivide(left, right)),
                "%" => new IntegerValue(right == -1 ? 0 : Modulo(left, right)),
                _ => right < 0 ? new FloatValue(Math.Pow(left, right)) : new IntegerValue(Power(left, right)),
            };
        }
        catch (OverflowException)
        {
            throw context.Error("the whole number has more than 64 bits");
        }
    }

    public static TemplateValue OfFloat(TemplateContext context, string sign, double left, double right)
    {
        if (sign is "/" or "//" or "%" && right == 0)
            throw context.Error("division by zero");
        return new FloatValue(sign switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - (Math.Floor(left / right) * right),
            _ => Math.Pow(left, right),
        });
    }

    private static long FloorDivide(long left, long right)
    {
        var quotient = checked(left / right);
        return left % right != 0 && left < 0 != right < 0 ? quotient - 1 : quotient;
    }

    private static long Modulo(long left, long right)
    {
        var rest = left % right;
        return rest != 0 && rest < 0 != right < 0 ? rest + right : rest;
    }

    private static long Power(long value, long exponent)
    {
        if (value is 0 or 1 || exponent == 0)
            return exponent == 0 ? 1 : value;
        if (value == -1)
            return exponent % 2 == 0 ? 1 : -1;
        var power = 1L;
        for (; exponent > 0; exponent--)
            power = checked(power * value);
        return power;
    }
}
