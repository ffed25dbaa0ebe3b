namespace LocalCloud;

/// <summary>A parameter that a template declares. Its type is always String.</summary>
/// <param name="Name">What <c>Ref</c> calls it.</param>
/// <param name="Default">The value when a registration brings none, or null.</param>
public sealed record TemplateParameter(string Name, string? Default)
{
    internal static TemplateParameter Parse(string name, DocumentNode node)
    {
        string? type = null;
        string? defaultValue = null;
        foreach (var (member, value) in node.Members())
        {
            switch (member)
            {
                case "Type":
                    type = value.Text();
                    if (type != "String")
                    {
                        throw value.Fault($"'{type}' is no type of parameters; they are of type String");
                    }

                    break;

                case "Default":
                    defaultValue = value.Text();
                    break;

                default:
                    throw value.Fault(member + " is no element of a parameter");
            }
        }

        return type is null ? throw node.Fault("Type is missing; it must be String") : new TemplateParameter(name, defaultValue);
    }
}
