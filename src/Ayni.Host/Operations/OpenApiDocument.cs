using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Ayni.Ledger;

namespace Ayni.Host;

/// <summary>
/// Describes the operations as OpenAPI 3.1 does. Schemas come from the same JSON contracts that write the answers, so that the two can't
/// part.
/// </summary>
internal static partial class OpenApiDocument
{
    private static readonly JsonSchemaExporterOptions Exporter =
        new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };

    /// <summary>The document.</summary>
    public static JsonObject Of(IEnumerable<Operation> operations)
    {
        var schemas = new JsonObject { ["Error"] = Schema(ApiJson.Default.ErrorResponse) };
        var paths = new JsonObject();
        foreach (var operation in operations)
        {
            var path = RouteParameter().Replace(operation.Pattern, "{$1}");
            if (paths[path] is not JsonObject item)
                paths[path] = item = [];
            item[operation.Method.ToLowerInvariant()] = Describe(operation, schemas);
        }
        return new()
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Ayni",
                ["version"] = Assembly.GetExecutingAssembly().GetName().Version!.ToString(3),
                ["description"] = "Llama models behind OpenAI's API, and the ledger that shares what they earn. Money is an exact decimal "
                    + "in a string beside its currency; times are ISO 8601 in UTC; errors have OpenAI's shape, and their code is the name "
                    + "of what is wrong.",
                ["license"] = new JsonObject { ["name"] = "Apache 2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject
                {
                    ["key"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["description"] = "A key of the ledger, ayni_…; each operation says which roles open it.",
                    },
                },
            },
        };
    }

    private static JsonObject Describe(Operation operation, JsonObject schemas)
    {
        var described = new JsonObject
        {
            ["operationId"] = operation.Id,
            ["summary"] = operation.Summary,
            ["x-roles"] = new JsonArray([.. operation.Roles.Select(role => (JsonNode)role.Name())]),
            ["security"] = operation.Roles.IsEmpty ? new JsonArray() : new JsonArray(new JsonObject { ["key"] = new JsonArray() }),
        };
        if (operation.Parameters.Count > 0)
            described["parameters"] = new JsonArray([.. operation.Parameters.Select(Describe)]);
        if ((operation.Body is { } body ? Reference(body, schemas) : operation.BodySchema?.DeepClone()) is { } schema)
        {
            described["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { [operation.BodyType] = new JsonObject { ["schema"] = schema } },
            };
        }
        described["responses"] = Responses(operation, schemas);
        return described;
    }

    private static JsonObject Describe(OperationParameter parameter)
    {
        var described = new JsonObject
        {
            ["name"] = parameter.Name,
            ["in"] = parameter.IsInPath ? "path" : "query",
            ["required"] = parameter.IsInPath,
            ["schema"] = new JsonObject { ["type"] = "string" },
        };
        if (parameter.Description.Length > 0)
            described["description"] = parameter.Description;
        return described;
    }

    private static JsonObject Responses(Operation operation, JsonObject schemas)
    {
        var content = new JsonObject();
        foreach (var form in operation.Forms)
            content[form.MediaType] = new JsonObject { ["schema"] = SchemaOf(form, schemas) };
        var responses = new JsonObject { ["200"] = new JsonObject { ["description"] = operation.Summary, ["content"] = content } };
        var takesSomething = operation.Parameters.Count > 0 || operation.Body is not null || operation.BodySchema is not null;
        if (takesSomething)
            responses["400"] = Refusal("A parameter or a field is wrong; the error names it.");
        if (!operation.Roles.IsEmpty)
        {
            responses["401"] = Refusal("No key, or one that is not valid.");
            responses["403"] = Refusal("A key of another role.");
        }
        if (operation.Parameters.Any(parameter => parameter.IsInPath))
            responses["404"] = Refusal("Nothing is there by that name, or it is not this key's.");
        if (operation.Method == "POST")
            responses["409"] = Refusal("The ledger refuses it as things stand; the code is the refusal's name.");
        responses["default"] = Refusal("Any other refusal or failure.");
        return responses;
    }

    private static JsonObject Refusal(string description) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject
        {
            ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Error" } },
        },
    };

    private static JsonObject SchemaOf(OperationAnswer form, JsonObject schemas)
    {
        if (form.Schema is null)
            return new JsonObject { ["type"] = form.MediaType == AnswerForms.Json ? "object" : "string" };
        var reference = Reference(form.Schema, schemas);
        return !form.IsPage ? reference : new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray("data", "next"),
            ["properties"] = new JsonObject
            {
                ["data"] = new JsonObject { ["type"] = "array", ["items"] = reference },
                ["next"] = new JsonObject
                {
                    ["type"] = new JsonArray("string", "null"),
                    ["description"] = "Where the next page begins; null at the end.",
                },
            },
        };
    }

    private static JsonObject Reference(JsonTypeInfo type, JsonObject schemas)
    {
        if (type.Kind == JsonTypeInfoKind.Enumerable)
            return new() { ["type"] = "array", ["items"] = Reference(type.Options.GetTypeInfo(type.ElementType!), schemas) };
        schemas.TryAdd(type.Type.Name, Schema(type));
        return new() { ["$ref"] = $"#/components/schemas/{type.Type.Name}" };
    }

    private static JsonNode Schema(JsonTypeInfo type)
    {
        var schema = type.GetJsonSchemaAsNode(Exporter);
        Inline(schema, schema, depth: 0);
        return schema;
    }

    /// <summary>
    /// Puts in place what the exporter says only once, the second time by a reference within the schema, which means something else inside
    /// the document. No type holds itself.
    /// </summary>
    private static void Inline(JsonNode? node, JsonNode root, int depth)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, 32);
        switch (node)
        {
            case JsonObject item:
                foreach (var (name, value) in item.ToList())
                {
                    if (Target(value) is { } target)
                        item[name] = target;
                    Inline(item[name], root, depth + 1);
                }
                break;
            case JsonArray array:
                for (var i = 0; i < array.Count; i++)
                {
                    if (Target(array[i]) is { } target)
                        array[i] = target;
                    Inline(array[i], root, depth + 1);
                }
                break;
        }

        JsonNode? Target(JsonNode? value)
        {
            if (value is not JsonObject reference || reference["$ref"] is not JsonValue text)
                return null;
            var target = root;
            foreach (var part in text.GetValue<string>().Split('/').Skip(1))
                target = target is JsonArray array ? array[int.Parse(part, CultureInfo.InvariantCulture)]! : target[part]!;
            return target.DeepClone();
        }
    }

    /// <summary>Says what our own converters write, which the exporter can't know.</summary>
    private static JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema)
    {
        if (context.TypeInfo.Type == typeof(PricePlan))
            return new JsonObject { ["type"] = "object", ["description"] = "A price plan, as price files say it (docs/ledger.md)." };
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var isNullable = type != context.TypeInfo.Type || context.PropertyInfo?.IsGetNullable == true;
        (string? Pattern, string Description)? text =
            type == typeof(Amount) ? (@"^-?[0-9]+(\.[0-9]{1,12})?$", "An exact decimal.")
            : type == typeof(Currency) ? ("^[A-Z]{3}$", "An ISO 4217 code.")
            : type == typeof(Period) ? ("^[0-9]{4}-[0-9]{2}$", "A month.")
            : type == typeof(Digest) ? ("^[0-9a-f]{64}$", "A SHA-256.")
            : type == typeof(Iban) ? ("^[A-Z]{2}[0-9]{2}[A-Z0-9]+$", "An account number (ISO 13616).")
            : type == typeof(Bic) ? ("^[A-Z0-9]{8}([A-Z0-9]{3})?$", "A bank's identifier (ISO 9362).")
            : type == typeof(Account) ? (null, "An account's name.")
            : null;
        if (text is not var (pattern, description))
            return schema;
        var described = new JsonObject
        {
            ["type"] = isNullable ? new JsonArray("string", "null") : "string",
            ["description"] = description,
        };
        if (pattern is not null)
            described["pattern"] = pattern;
        return described;
    }

    [GeneratedRegex(@"\{\**([a-z_]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex RouteParameter();
}
