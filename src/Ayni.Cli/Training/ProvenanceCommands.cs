using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Ayni.Training;
using Spectre.Console;

namespace Ayni.Cli;

/// <summary><c>ayni provenance</c>: what a model learned from.</summary>
internal static class ProvenanceCommands
{
    public static Command Create() => new(
        "provenance",
        """
        What a model learned from, as its maker says it: sources with their licences, rights holders and shares, and the digest of every
        document. A claim, which only training again by the recipe tests.

        Examples:
          ayni provenance key maker.key
          ayni train recipes/hello.yaml --key maker.key
          ayni provenance show recipes/runs/hello/model.gguf
          ayni provenance verify recipes/runs/hello/model.gguf --recipe recipes/hello.yaml
          ayni provenance verify models/cria.gguf --recipe recipes/cria-chat.yaml
          ayni provenance prove recipes/runs/hello/model.gguf --document poem.txt --out proof.json
          ayni provenance verify recipes/runs/hello/model.gguf --proof proof.json --document poem.txt
        """)
    {
        CreateKey(),
        CreateShow(),
        CreateVerify(),
        CreateProve(),
    };

    private static Command CreateKey()
    {
        var path = new Argument<string>("file") { Description = "The key's file, which is not there yet." };
        var command = new Command(
            "key", "Make a key to sign manifests with, in a file that only you may read, and print its public part.")
        {
            path,
        };
        command.SetAction(result =>
        {
            var file = result.GetValue(path)!;
            if (Path.Exists(file))
                throw new UsageException($"{file} is there already; a key is never replaced.");
            Console.Out.WriteLine(MakerKey.Create(file).PublicKey);
            return 0;
        });
        return command;
    }

    private static Command CreateShow()
    {
        var model = Model();
        var json = new Option<bool>("--json") { Description = "Print the manifest as its file has it." };
        var command = new Command("show", "Print what a model learned from, and what the model it was tuned from did.") { model, json };
        command.SetAction(result =>
        {
            var provenance = ModelProvenance.Open(ModelOption.Find(result.GetValue(model)));
            if (result.GetValue(json))
                Console.Out.Write(File.ReadAllText(provenance.Path));
            else
                Show(provenance.SignedManifest);
            return 0;
        });
        return command;
    }

    private static Command CreateVerify()
    {
        var model = Model();
        var recipe = new Option<string?>("--recipe") { Description = "Recompute the manifest from the recipe's data.", HelpName = "FILE" };
        var proof = new Option<string?>("--proof") { Description = "Verify a proof of one document.", HelpName = "FILE" };
        var (document, line, key) = (Document(), Line(), Key());
        var maker = new Option<string?>("--maker")
        {
            Description = "The public key that must have signed, or a file that holds it.",
            HelpName = "KEY",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command(
            "verify",
            """
            Check that a manifest is the one that the model names, that its signature and its digests of weights and tokenizer are right, and
            with --recipe that it says what the data say; or verify a proof of one document. Exits with 1 if anything is wrong.
            Where the model that the recipe tunes is not there, the tuned one's own vocabulary reads the data, and the digest of the other
            stays unchecked.

            Examples:
              ayni provenance verify models/cria.gguf --maker models/maker.pub
              ayni provenance verify recipes/runs/hello/model.gguf --recipe recipes/hello.yaml
              ayni provenance verify recipes/runs/hello/model.gguf --proof proof.json --document poem.txt
            """)
        {
            model, recipe, proof, document, line, key, maker, json,
        };
        // On another thread, so that the command line is free to take Ctrl-C.
        command.SetAction((result, cancellationToken) => Task.Run(() =>
        {
            var provenance = ModelProvenance.Open(ModelOption.Find(result.GetValue(model)));
            var makerKey = ReadKey(result.GetValue(key));
            var findings = result.GetValue(proof) is { } proofFile
                ? VerifyProof(provenance, proofFile, ReadDocument(result.GetValue(document), result.GetValue(line)), makerKey)
                : Verify(provenance, result.GetValue(recipe) is { } file ? ReadRecipe(file) : null, makerKey, cancellationToken);
            if (result.GetValue(maker) is { } expected)
                findings = [.. findings, ProvenanceVerifier.VerifyMaker(provenance, PublicKey(expected))];
            if (result.GetValue(json))
                Output.WriteJson(writer => Write(findings, writer));
            else
                Show(findings);
            return findings.FirstOrDefault(finding => finding.State == FindingState.Wrong) is { } wrong
                ? throw new ProvenanceException($"{provenance.Model}: {wrong.Subject}: {wrong.Detail}.")
                : 0;
        }));
        return command;
    }

    private static Command CreateProve()
    {
        var model = Model();
        var (document, line, key) = (Document(), Line(), Key());
        var discloses = new Option<bool>("--disclose")
        {
            Description = "Put the keys of private sources into the proof, so that others can verify it.",
        };
        var output = new Option<string?>("--out", "-o") { Description = "The file to write; without it, standard output.", HelpName = "FILE" };
        var force = ModelOption.Force();
        var command = new Command(
            "prove",
            """
            Prove for every source that one document is among its documents, or that it is not.

            Examples:
              ayni provenance prove recipes/runs/hello/model.gguf --document poem.txt --out proof.json
              ayni provenance prove recipes/runs/hello/model.gguf --document recipes/hello/stories.jsonl --line 3
            """)
        {
            model, document, line, key, discloses, output, force,
        };
        command.SetAction(result =>
        {
            var provenance = ModelProvenance.Open(ModelOption.Find(result.GetValue(model)));
            var given = ReadDocument(result.GetValue(document), result.GetValue(line));
            var makerKey = ReadKey(result.GetValue(key));
            var to = result.GetValue(output);
            if (to is not null && File.Exists(to) && !result.GetValue(force))
                throw new UsageException($"{to} is there already; name another one to write, or replace it with --force.");
            var proof = given.Prove(provenance, makerKey, result.GetValue(discloses));
            using (var stream = to is null ? Console.OpenStandardOutput() : File.Create(to))
                proof.Write(stream);
            foreach (var membership in given.Verify(proof, provenance, makerKey))
                Console.Error.WriteLine(TerminalText.Clean($"{membership.Model}: {membership.Source}: {Words(membership.Membership)}"));
            return 0;
        });
        return command;
    }

    private static Argument<string?> Model() => new("model")
    {
        Description = "A model's file or folder, or an adapter's folder; without it, the model in the models/ folder.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static Option<string?> Document() => new("--document", "-d")
    {
        Description = "The document: a text file, or a file of JSON lines as a source has them.",
        HelpName = "FILE",
    };

    private static Option<int?> Line() => new("--line") { Description = "The line of the document in a file of JSON lines.", HelpName = "N" };

    private static Option<string?> Key() => new("--key") { Description = "The maker's key, for private sources.", HelpName = "FILE" };

    /// <summary>A public key as it is given: itself, or the file that holds it.</summary>
    private static string PublicKey(string given)
    {
        const int MostCharacters = 4096;
        var key = given;
        if (File.Exists(given))
        {
            using var reader = new StreamReader(given);
            var text = new char[MostCharacters];
            key = new string(text, 0, reader.ReadBlock(text)).Trim();
        }
        return key.Length == 64 && key.All(char.IsAsciiHexDigit)
            ? key
            : throw new UsageException($"--maker {given}: expected a public key of 64 hexadecimal digits, or a file that holds one.");
    }

    private static MakerKey? ReadKey(string? path) => path is null ? null : MakerKey.Read(path);

    private static Recipe ReadRecipe(string path) =>
        File.Exists(path) ? Recipe.Read(path) : throw new UsageException($"There is no recipe {path}.");

    private static GivenDocument ReadDocument(string? path, int? line)
    {
        if (path is null)
            throw new UsageException("Name the document with --document.");
        return File.Exists(path) ? GivenDocument.Read(path, line) : throw new UsageException($"There is no document {path}.");
    }

    private static IReadOnlyList<ProvenanceFinding> Verify(
        ModelProvenance provenance, Recipe? recipe, MakerKey? key, CancellationToken cancellationToken)
    {
        using var progress = new LoadProgress("Reading the sources of", provenance.SignedManifest.Manifest.Model);
        return ProvenanceVerifier.Verify(provenance, recipe, key, progress, cancellationToken);
    }

    private static IReadOnlyList<ProvenanceFinding> VerifyProof(
        ModelProvenance provenance, string path, GivenDocument document, MakerKey? key)
    {
        if (!File.Exists(path))
            throw new UsageException($"There is no proof {path}.");
        return
        [
            ProvenanceVerifier.VerifySignature(provenance),
            .. document.Verify(DocumentProof.Read(path), provenance, key).Select(membership => new ProvenanceFinding(
                $"source '{membership.Source}' of {membership.Model}",
                membership.Membership == Membership.Sealed ? FindingState.Unchecked : FindingState.Right, Words(membership.Membership))),
        ];
    }

    private static string Words(Membership membership) => membership switch
    {
        Membership.Member => "the document is among its documents",
        Membership.Absent => "the document is not among its documents",
        _ => "private: only who has its key can tell",
    };

    private static void Show(IReadOnlyList<ProvenanceFinding> findings)
    {
        foreach (var finding in findings)
            Console.Out.WriteLine(TerminalText.Clean($"{Word(finding.State),-9}  {finding.Subject}: {finding.Detail}"));
    }

    private static string Word(FindingState state) => state switch
    {
        FindingState.Right => "right",
        FindingState.Wrong => "WRONG",
        _ => "unchecked",
    };

    private static void Write(IReadOnlyList<ProvenanceFinding> findings, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteBoolean("right", findings.All(finding => finding.State != FindingState.Wrong));
        writer.WriteStartArray("findings");
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("subject", finding.Subject);
            writer.WriteString("state", Word(finding.State).ToLowerInvariant());
            writer.WriteString("detail", finding.Detail);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Show(SignedManifest shown)
    {
        var console = Terminal.Console;
        foreach (var signed in shown.Lineage)
        {
            var manifest = signed.Manifest;
            var summary = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
            Row("model", manifest.Model);
            Row("manifest", signed.Digest);
            Row("maker", !signed.IsSigned ? "unsigned: nobody vouches for this"
                : signed.HasRightSignature() ? manifest.Maker! : $"{manifest.Maker}, but the signature is WRONG");
            Row("made with", manifest.Tool);
            Row("recipe", manifest.Recipe);
            Row("weights", manifest.Tensors);
            Row("tokens", string.Create(CultureInfo.InvariantCulture, $"{manifest.Tokens:N0} in one pass, {manifest.TokensSeen:N0} seen"));
            if (manifest.Parent is { } parent)
                Row("tuned from", $"{parent.Name}, {parent.Digest}{(parent.Provenance is null ? "; what it learned from is undisclosed" : "")}");
            console.Write(summary);
            console.WriteLine();
            console.Write(Sources(manifest));
            console.WriteLine();

            void Row(string name, string value) => summary.AddRow(new Text(name), new Text(TerminalText.Clean(value)));
        }
        console.WriteLine("What a maker says is a claim: only training again by the recipe tests it.");
    }

    private static Table Sources(Manifest manifest)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("source", "licence", "rights holder", "origin", "documents", "left out", "masked", "tokens", "weight", "share");
        foreach (var column in table.Columns.Skip(4))
            column.RightAligned();
        foreach (var source in manifest.Sources)
        {
            string[] cells =
            [
                source.Visibility == "private" ? source.Name + " (private)" : source.Name, source.Licence, source.RightsHolder, source.Origin,
                Number(source.Documents), Number(source.ExactDuplicates + source.NearDuplicates),
                Number(source.Masked.Email + source.Masked.Phone + source.Masked.Card + source.Masked.Iban), Number(source.Tokens),
                source.Weight.TrimEnd('0').TrimEnd('.'), source.Share,
            ];
            table.AddRow(cells.Select(cell => new Text(TerminalText.Clean(cell))));
        }
        return table;
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
