using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Ayni.Ledger.Tests;

public sealed class CurrencyJsonTests
{
    [Fact]
    public void Every_amount_stands_beside_its_currency_or_in_something_that_does()
    {
        var bare = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var view in typeof(LedgerJson).CustomAttributes.Where(attribute => attribute.AttributeType == typeof(JsonSerializableAttribute)))
            Visit((Type)view.ConstructorArguments[0].Value!, false, []);
        Assert.True(bare.Count == 0, string.Join(", ", bare));

        void Visit(Type type, bool isNamed, HashSet<Type> above)
        {
            if (LedgerJson.Default.GetTypeInfo(type) is not { } info || !above.Add(type))
                return;
            if (info.Kind == JsonTypeInfoKind.Object)
            {
                var named = isNamed || info.Properties.Any(property => property.PropertyType == typeof(Currency));
                foreach (var property in info.Properties)
                {
                    if (property.PropertyType == typeof(Amount) || property.PropertyType == typeof(Amount?))
                    {
                        if (!named)
                            bare.Add($"{type.Name}.{property.Name}");
                    }
                    else
                    {
                        Visit(property.PropertyType, named, above);
                    }
                }
            }
            else if (info.Kind == JsonTypeInfoKind.Enumerable && info.ElementType is { } element)
            {
                Visit(element, isNamed, above);
            }
            above.Remove(type);
        }
    }
}
