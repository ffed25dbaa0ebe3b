namespace LocalCloud;

/// <summary>What the seed's documents were filled in with when they were put into a registry.</summary>
internal sealed record SeedSettings(string Region, string AccountId, string ProductName, string TemplateName)
{
    /// <summary>Counts what has come to the seed beside its policies and templates: 1 is the thing type.</summary>
    public int Edition { get; init; }

    public static SeedSettings Of(LocalCloudOptions options) =>
        new(options.Region, options.AccountId, options.ProductName, options.TemplateName) { Edition = 1 };
}
